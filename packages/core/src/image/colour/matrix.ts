/** A 3×3 matrix, row by row. */
// biome-ignore format: rows of a matrix
export type Matrix3 = readonly [
  number, number, number,
  number, number, number,
  number, number, number,
];
export type Vector3 = readonly [number, number, number];

export function matrixOf(value: (row: 0 | 1 | 2, column: 0 | 1 | 2) => number): Matrix3 {
  return [
    value(0, 0),
    value(0, 1),
    value(0, 2),
    value(1, 0),
    value(1, 1),
    value(1, 2),
    value(2, 0),
    value(2, 1),
    value(2, 2),
  ];
}

export const IDENTITY: Matrix3 = matrixOf((row, column) => (row === column ? 1 : 0));

export function columnsOf(columns: readonly [Vector3, Vector3, Vector3]): Matrix3 {
  return matrixOf((row, column) => columns[column][row]);
}

export function diagonal(values: Vector3): Matrix3 {
  return matrixOf((row, column) => (row === column ? values[row] : 0));
}

export function product(a: Matrix3, b: Matrix3): Matrix3 {
  const cell = (row: number, column: number) =>
    at(a, row, 0) * at(b, 0, column) +
    at(a, row, 1) * at(b, 1, column) +
    at(a, row, 2) * at(b, 2, column);
  return matrixOf(cell);
}

export function applied(m: Matrix3, [x, y, z]: Vector3): Vector3 {
  const row = (i: number) => at(m, i, 0) * x + at(m, i, 1) * y + at(m, i, 2) * z;
  return [row(0), row(1), row(2)];
}

/** The inverse, by cofactors; undefined where there is none. */
export function inverse(m: Matrix3): Matrix3 | undefined {
  const cofactor = (row: number, column: number) => {
    const [r1, r2] = [(row + 1) % 3, (row + 2) % 3];
    const [c1, c2] = [(column + 1) % 3, (column + 2) % 3];
    return at(m, r1, c1) * at(m, r2, c2) - at(m, r1, c2) * at(m, r2, c1);
  };
  const determinant = [0, 1, 2].reduce((sum, i) => sum + at(m, 0, i) * cofactor(0, i), 0);
  if (!(Math.abs(determinant) > 1e-9)) return undefined;
  return matrixOf((row, column) => cofactor(column, row) / determinant);
}

function at(m: Matrix3, row: number, column: number): number {
  return m[row * 3 + column];
}
