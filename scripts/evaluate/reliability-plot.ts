export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly predicted: number;
  readonly observed: number;
}

/**
 * Predicted against observed share, as an SVG picture; a dot's area shows how many captions it stands
 * for. `outcome` says of what: "CIDEr-D above 0.5".
 */
export function reliabilityPlot(bins: readonly ReliabilityBin[], outcome: string): string {
  const [size, margin] = [360, 48];
  const at = (value: number) => margin + value * (size - 2 * margin);
  const most = Math.max(...bins.map(({ count }) => count));
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const grid = ticks.map(
    (t) => `<path d="M${at(t)} ${at(0)}V${at(1)}M${at(0)} ${at(t)}H${at(1)}" stroke="#8883"/>
<text x="${at(t)}" y="${at(1) + 18}" text-anchor="middle">${t}</text>
<text x="${at(0) - 8}" y="${at(1 - t) + 4}" text-anchor="end">${t}</text>`,
  );
  const filled = bins.filter(({ count }) => count > 0);
  const points = filled.map(({ predicted, observed }) => `${at(predicted)},${at(1 - observed)}`);
  const dots = filled.map(
    ({ predicted, observed, count }) =>
      `<circle cx="${at(predicted)}" cy="${at(1 - observed)}" r="${(2 + 10 * Math.sqrt(count / most)).toFixed(1)}" fill="#d9480f" fill-opacity=".75"><title>${count} captions</title></circle>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="${size}" height="${size}" font-family="system-ui, sans-serif" font-size="12" fill="#888" role="img">
<title>Share of captions with ${outcome}, by confidence</title>
${grid.join('\n')}
<path d="M${at(0)} ${at(1)}L${at(1)} ${at(0)}" stroke="#888" stroke-dasharray="4 4"/>
<polyline points="${points.join(' ')}" fill="none" stroke="#d9480f" stroke-width="1.5"/>
${dots.join('\n')}
<text x="${size / 2}" y="${size - 6}" text-anchor="middle">confidence</text>
<text transform="rotate(-90)" x="${-size / 2}" y="14" text-anchor="middle">share of captions with ${outcome}</text>
</svg>
`;
}
