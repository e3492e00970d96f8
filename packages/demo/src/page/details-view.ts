import type { Candidate, Caption } from '../caption.js';
import { create, element } from './element.js';

/** The beams with their scores, and where the time went. */
export function showDetails(caption: Caption | undefined): void {
  const beams =
    caption && caption.alternatives.length > 0 ? [caption, ...caption.alternatives] : [];
  element('beams', HTMLElement).hidden = beams.length === 0;
  element('beam-list', HTMLOListElement).replaceChildren(
    ...beams.map((beam) => row(beam, beams[0])),
  );
  element('timing', HTMLElement).hidden = !caption;
  if (caption) showTiming(caption);
}

function row(beam: Candidate, best: Candidate | undefined): HTMLLIElement {
  const bar = create('span', { class: 'bar-fill' });
  // Scores are logarithms: the difference to the best is the logarithm of how much likelier it is.
  bar.style.width = `${Math.round(Math.min(1, Math.exp(beam.score - (best?.score ?? 0))) * 100)}%`;
  return create(
    'li',
    {},
    create('span', { class: 'beam-text' }, beam.text),
    create('span', { class: 'beam-score' }, beam.score.toFixed(2).replace('-', '−')),
    create('span', { class: 'bar-track', 'aria-hidden': 'true' }, bar),
  );
}

function showTiming({ stages, total, backend, model }: Caption): void {
  const parts = stages.map(({ name, milliseconds }) => {
    const part = create('span', { class: `part part-${name}` });
    part.style.flexGrow = String(Math.max(milliseconds, total / 200));
    return part;
  });
  element('stage-bar', HTMLElement).replaceChildren(...parts);
  const lines = stages.map(({ name, milliseconds }) => [name, duration(milliseconds)] as const);
  element('stages', HTMLElement).replaceChildren(
    ...[...lines, ['total', duration(total)] as const].map(([name, value]) =>
      create(
        'div',
        { class: `stage-line stage-${name}` },
        create('dt', {}, create('span', { class: `dot part-${name}` }), name),
        create('dd', {}, value),
      ),
    ),
  );
  element('draft-note', HTMLElement).hidden = !stages.some(({ name }) => name === 'draft');
  element('ran-on', HTMLElement).textContent = [backend, model].filter(Boolean).join(' · ');
}

export function duration(milliseconds: number): string {
  if (milliseconds >= 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
}
