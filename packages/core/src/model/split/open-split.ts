import { CaptionError } from '../../errors.js';
import type { Manifest } from '../manifest.js';
import type { NetworkFile, Session } from '../session.js';
import type { FileBytes, ModelSource } from '../source.js';
import { readOnnxFile } from './onnx-file.js';
import { splitAtPhoto } from './photo-part.js';
import { splitSession } from './split-session.js';

/**
 * The decoder in two networks, where that spares each step some work.
 *
 * @param network the decoder's file as the runtime was to have it
 * @param create  makes a session of a network
 * @returns undefined where the network is to be loaded as it is
 */
export async function openSplit(
  source: ModelSource,
  { file, encoderInputs }: Manifest['decoder'],
  network: NetworkFile,
  create: (network: NetworkFile) => Promise<Session>,
): Promise<Session | undefined> {
  const location = file.slice(file.lastIndexOf('/') + 1);
  const cut = (bytes: FileBytes) => {
    const onnx = readOnnxFile(bytes);
    const split = onnx && splitAtPhoto(onnx, Object.keys(encoderInputs), location);
    return split && { ...split, inputs: onnx.graph.inputs.map(({ name }) => name) };
  };
  const { network: content } = network;
  let photo: Session | undefined;
  try {
    const isPath = typeof content === 'string';
    const split = isPath ? source.parts?.(file, cut) : cut(inMemory(content));
    if (!split) return undefined;
    const weights = isPath
      ? { folder: content.slice(0, -location.length) }
      : { data: { ...network.data, [location]: content } };
    photo = await create({ network: split.photo, ...weights });
    const step = await create({ network: split.step(photo.outputType), ...weights });
    return splitSession({ photo, step }, split);
  } catch (error) {
    // What is wrong with the file is told where it is loaded as it is.
    if (!(error instanceof CaptionError) && !(error instanceof RangeError)) throw error;
    await photo?.release();
    return undefined;
  }
}

function inMemory(content: Uint8Array): FileBytes {
  // A Buffer's parts are Buffers, whose slices would not be copies.
  const bytes = new Uint8Array(content.buffer, content.byteOffset, content.length);
  return { size: bytes.length, bytes: (start, end) => bytes.subarray(start, end) };
}
