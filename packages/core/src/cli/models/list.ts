import { listPulled } from '../../node/hub/cache.js';
import type { ModelsCommand } from './command.js';
import { readableBytes } from './sizes.js';

/** `zipcaption models list` */
export async function list(command: ModelsCommand): Promise<number> {
  const pulled = (await listPulled()).map(({ folder, record }) => ({
    id: record.id,
    dtype: record.dtype,
    bytes: Object.values(record.files).reduce((sum, file) => sum + file.bytes, 0),
    folder,
  }));
  if (command.json) process.stdout.write(`${JSON.stringify(pulled, undefined, 2)}\n`);
  else if (pulled.length === 0) {
    process.stderr.write('No models were pulled yet. Run "zipcaption models pull <owner/name>".\n');
  } else {
    for (const { id, dtype, bytes, folder } of pulled) {
      process.stdout.write(`${id}  ${dtype}  ${readableBytes(bytes)}  ${folder}\n`);
    }
  }
  return 0;
}
