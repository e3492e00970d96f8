import type { ModelsCommand } from './command.js';
import { describeFolder, type FolderDescription } from './describe.js';
import { findFolder } from './folder.js';
import { readableBytes } from './sizes.js';

/** `zipcaption models info <model>`: exit code 1 when files are missing. */
export async function info(command: ModelsCommand, operand: string): Promise<number> {
  const source = await findFolder(operand);
  const description = await describeFolder(source);
  process.stdout.write(
    command.json
      ? `${JSON.stringify({ folder: source.name, ...description }, undefined, 2)}\n`
      : asText(source.name, description),
  );
  return description.missing.length > 0 ? 1 : 0;
}

function asText(folder: string, description: FolderDescription): string {
  const { name, version, format, license, architecture, dtypes, files, missing } = description;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const rows: (readonly [string, string])[] = [
    ['name', `${name} (${version})`],
    ['format', format === 'zipcaption' ? "this library's own" : 'Hugging Face, ONNX'],
    ...(architecture ? [['architecture', architecture] as const] : []),
    ['licence', license],
    ...(dtypes ? [['dtypes', dtypes.join(', ')] as const] : []),
    ['input', description.image],
    ['search', description.search],
    ['folder', folder],
    ['size', readableBytes(total)],
    ...files.map(
      ({ file, bytes }) => ['', `${readableBytes(bytes).padStart(10)}  ${file}`] as const,
    ),
    ...(missing.length > 0 ? [['MISSING', missing.join(', ')] as const] : []),
  ];
  return rows.map(([label, value]) => `${label.padEnd(14)}${value}\n`).join('');
}
