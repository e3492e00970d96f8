import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CaptionError, loadCaptioner, type Manifest } from '../../index.js';
import { cannotWrite } from '../write-failure.js';
import type { ModelsCommand } from './command.js';
import { findFolder } from './folder.js';

/**
 * `zipcaption models manifest <model>`: writes beside a Hugging Face model the manifest that is derived
 * from its configuration, with the SHA-256 of every file. From then on the folder is one of this
 * library's own format, in one number format: it can be packaged, and fetched from S3.
 */
export async function manifest(command: ModelsCommand, operand: string): Promise<number> {
  const source = await findFolder(operand);
  if (await source.has('manifest.json')) {
    throw new CaptionError(
      'INVALID_INPUT',
      `${source.name} already has a manifest.json. Remove it first to write a new one.`,
    );
  }
  const captioner = await loadCaptioner({
    model: source.name,
    ...(command.dtype && { dtype: command.dtype }),
    ...(command.runtime && { runtime: command.runtime }),
  });
  const derived = captioner.model;
  await captioner.dispose();
  const sha256: Record<string, string> = {};
  for (const file of filesOf(derived)) sha256[file] = await digest(join(source.name, file));
  const path = join(source.name, 'manifest.json');
  const text = `${JSON.stringify({ ...derived, sha256 }, undefined, 2)}\n`;
  await writeFile(path, text).catch((cause: unknown) => {
    throw cannotWrite(path, cause);
  });
  process.stdout.write(`${path}\n`);
  return 0;
}

function filesOf(manifest: Manifest): string[] {
  const { encoder, embedding, textEncoder, decoder, tokenizer } = manifest;
  const networks = [encoder, embedding, textEncoder, decoder, decoder.firstStep];
  return [
    ...networks.flatMap((network) => (network ? [network.file, ...(network.data ?? [])] : [])),
    tokenizer.file,
    ...(tokenizer.config ? [tokenizer.config] : []),
  ];
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
