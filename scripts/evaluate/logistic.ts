/**
 * Logistic regression by Newton's method with a small ridge (iteratively reweighted least squares;
 * Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning", section 4.4.1).
 *
 * @param rows   features of each example, without a constant
 * @param labels what happened, 0 or 1
 * @returns the intercept, then a weight a feature
 */
export function fitLogistic(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
): number[] {
  const size = (rows[0]?.length ?? 0) + 1;
  const ridge = 1e-3;
  let weights = new Array<number>(size).fill(0);
  for (let iteration = 0; iteration < 100; iteration++) {
    const gradient = weights.map((weight) => -ridge * weight);
    const hessian = weights.map((_, i) => weights.map((__, j) => (i === j ? ridge : 0)));
    rows.forEach((row, example) => {
      const x = [1, ...row];
      const p = probability(weights, row);
      x.forEach((xi, i) => {
        gradient[i] = (gradient[i] ?? 0) + xi * ((labels[example] ?? 0) - p);
        x.forEach((xj, j) => {
          const line = hessian[i] as number[];
          line[j] = (line[j] ?? 0) + xi * xj * p * (1 - p);
        });
      });
    });
    const step = solve(hessian, gradient);
    weights = weights.map((weight, i) => weight + (step[i] ?? 0));
    if (Math.max(...step.map(Math.abs)) < 1e-9) break;
  }
  return weights;
}

/** The probability that weights from {@link fitLogistic} give an example. */
export function probability(
  [intercept = 0, ...weights]: readonly number[],
  row: readonly number[],
): number {
  const sum = row.reduce((total, x, i) => total + x * (weights[i] ?? 0), intercept);
  return 1 / (1 + Math.exp(-sum));
}

/** Gaussian elimination with partial pivoting; `matrix` is changed. */
function solve(matrix: number[][], right: readonly number[]): number[] {
  const rows = matrix.map((line, i) => [...line, right[i] ?? 0]);
  for (let column = 0; column < rows.length; column++) {
    let pivot = column;
    for (let i = column + 1; i < rows.length; i++) {
      if (Math.abs(rows[i]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = i;
    }
    const top = rows[pivot] as number[];
    rows[pivot] = rows[column] as number[];
    rows[column] = top;
    for (let i = 0; i < rows.length; i++) {
      if (i === column) continue;
      const line = rows[i] as number[];
      const factor = (line[column] ?? 0) / (top[column] ?? 1);
      for (let j = column; j < line.length; j++) line[j] = (line[j] ?? 0) - factor * (top[j] ?? 0);
    }
  }
  return rows.map((line, i) => (line.at(-1) ?? 0) / (line[i] ?? 1));
}
