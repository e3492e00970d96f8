import { CaptionError } from '../errors.js';
import type { DecoderStep } from '../search/types.js';
import type { Manifest, StateTensor } from './manifest.js';
import type { Session, Values } from './session.js';

/**
 * Starts decoding one photo: a step function with a state of its own.
 *
 * @param encoded the encoder's outputs by name; every row (beam) shares them
 */
export function startDecoding(
  session: Session,
  manifest: Manifest,
  encoded: Readonly<Record<string, Values>>,
): DecoderStep {
  const { decoder } = manifest;
  const shared: Record<string, Values> = {};
  for (const [input, output] of Object.entries(decoder.encoderInputs)) {
    shared[input] = pick(encoded, output);
  }
  const fetches = [
    decoder.logits,
    ...(decoder.attention ? [decoder.attention] : []),
    ...decoder.state.map((state) => state.output),
  ];
  let state = initialState(decoder.state, encoded);

  return async (tokens, parents) => {
    const rows = tokens.length;
    const feeds: Record<string, Values> = { ...shared, [decoder.tokens]: tokenInput(session, decoder.tokens, tokens) };
    for (const [name, values] of Object.entries(state)) feeds[name] = gatherRows(values, parents);
    const outputs = await session.run(feeds, fetches);

    state = Object.fromEntries(
      decoder.state.map(({ input, output }) => [input, pick(outputs, output)]),
    );
    const logits = floats(pick(outputs, decoder.logits), decoder.logits);
    const attention = decoder.attention && pick(outputs, decoder.attention);
    return {
      logits,
      vocabSize: logits.length / rows,
      ...(attention && { attention: floats(attention, decoder.attention ?? '') }),
    };
  };
}

function initialState(
  tensors: readonly StateTensor[],
  encoded: Readonly<Record<string, Values>>,
): Record<string, Values> {
  return Object.fromEntries(
    tensors.map(({ input, initial, from }) => {
      if (from) return [input, pick(encoded, from)];
      const size = initial.reduce((product, side) => product * side, 1);
      return [input, { type: 'float32', data: new Float32Array(size), dims: initial } as const];
    }),
  );
}

/** The rows (first axis) of `values` that `parents` names, in that order. */
export function gatherRows(values: Values, parents: readonly number[]): Values {
  const [rows = 1, ...rest] = values.dims;
  if (parents.length === rows && parents.every((parent, row) => parent === row)) return values;
  const length = values.data.length / rows;
  const data = new (values.data.constructor as Float32ArrayConstructor)(length * parents.length);
  const from = values.data as Float32Array;
  parents.forEach((parent, row) => {
    data.set(from.subarray(parent * length, (parent + 1) * length), row * length);
  });
  return { type: values.type, data, dims: [parents.length, ...rest] };
}

function tokenInput(session: Session, name: string, tokens: readonly number[]): Values {
  const dims = [tokens.length, 1];
  return session.inputType(name) === 'int32'
    ? { type: 'int32', data: Int32Array.from(tokens), dims }
    : { type: 'int64', data: BigInt64Array.from(tokens, BigInt), dims };
}

function pick(values: Readonly<Record<string, Values>>, name: string): Values {
  const found = values[name];
  if (found) return found;
  throw new CaptionError(
    'MODEL_INVALID',
    `The manifest speaks of a tensor "${name}" that the network does not give.`,
  );
}

function floats(values: Values, name: string): Float32Array {
  if (values.data instanceof Float32Array) return values.data;
  throw new CaptionError(
    'MODEL_UNSUPPORTED',
    `The output "${name}" is ${values.type}; float32 was expected. Export the model with float32 outputs.`,
  );
}
