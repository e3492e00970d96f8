import { CaptionError } from '../errors.js';
import type { DecoderStep } from '../search/types.js';
import type { Manifest, StateTensor } from './manifest.js';
import { floats, gatherRows, withRows, zeros } from './rows.js';
import type { Session, Values } from './session.js';

/** The decoder's network, or its two: some models have one of its own for the first step. */
export interface DecoderNetworks {
  readonly first: Session;
  readonly later: Session;
}

/**
 * Starts decoding one photo: a step function with a state of its own.
 *
 * @param encoded the encoder's outputs by name; every row (beam) shares them
 */
export function startDecoding(
  networks: DecoderNetworks,
  manifest: Manifest,
  encoded: Readonly<Record<string, Values>>,
): DecoderStep {
  return manifest.decoder.feed === 'all'
    ? startStateless(networks.later, manifest, encoded)
    : startStateful(networks, manifest, encoded);
}

function startStateful(
  { first, later }: DecoderNetworks,
  { decoder }: Manifest,
  encoded: Readonly<Record<string, Values>>,
): DecoderStep {
  const photo = photoInputs(decoder, encoded, later);
  const results = [decoder.logits, ...(decoder.attention ? [decoder.attention] : [])];
  const changing = decoder.state.filter((tensor) => !tensor.fixed);
  const fetches = {
    first: [...results, ...decoder.state.map((tensor) => tensor.output)],
    later: [...results, ...changing.map((tensor) => tensor.output)],
  };
  let state = initialState(decoder.state, encoded, later);
  let session = first;
  let isFirst = true;

  return async (tokens, parents) => {
    const rows = tokens.length;
    for (const { input, fixed } of decoder.state) {
      const values = pick(state, input);
      // Rows of what belongs to the photo are all alike: only their number matters.
      state[input] = fixed ? withRows(values, rows) : gatherRows(values, parents);
    }
    const rest = {
      ...state,
      ...(decoder.cacheSwitch && { [decoder.cacheSwitch]: flag(!isFirst) }),
      [decoder.tokens]: tokenInput(session, decoder.tokens, tokens, [rows, 1]),
    };
    const outputs = await photo.run(rows, (inputs) => {
      const feeds = { ...inputs, ...rest };
      return session.run(
        first === later ? feeds : accepted(feeds, session),
        isFirst ? fetches.first : fetches.later,
      );
    });
    const given = isFirst ? decoder.state : changing;
    state = {
      ...state,
      ...Object.fromEntries(given.map(({ input, output }) => [input, pick(outputs, output)])),
    };
    isFirst = false;
    session = later;

    const logits = floats(pick(outputs, decoder.logits), decoder.logits);
    const attention = decoder.attention && pick(outputs, decoder.attention);
    return {
      logits,
      vocabSize: logits.length / rows,
      ...(attention && { attention: floats(attention, decoder.attention ?? '') }),
    };
  };
}

/** Every step reads the whole sentence again: slower with each word, but some exports have only this. */
function startStateless(
  session: Session,
  { decoder }: Manifest,
  encoded: Readonly<Record<string, Values>>,
): DecoderStep {
  const photo = photoInputs(decoder, encoded, session);
  let sentences: number[][] = [[]];

  return async (tokens, parents) => {
    sentences = tokens.map((token, row) => [...(sentences[parents[row] ?? 0] ?? []), token]);
    const rows = tokens.length;
    const length = sentences[0]?.length ?? 0;
    const ids = tokenInput(session, decoder.tokens, sentences.flat(), [rows, length]);
    const outputs = await photo.run(rows, (inputs) =>
      session.run({ ...inputs, [decoder.tokens]: ids }, [decoder.logits]),
    );
    const all = floats(pick(outputs, decoder.logits), decoder.logits);
    const vocabSize = all.length / (rows * length);
    const logits = new Float32Array(rows * vocabSize);
    for (let row = 0; row < rows; row++) {
      const end = (row + 1) * length * vocabSize;
      logits.set(all.subarray(end - vocabSize, end), row * vocabSize);
    }
    return { logits, vocabSize };
  };
}

/** What the decoder is told of the photo. */
interface PhotoInputs {
  /** Runs a step of so many rows with the photo's tensors. */
  run<T>(rows: number, step: (inputs: Readonly<Record<string, Values>>) => Promise<T>): Promise<T>;
}

/** Networks that turned out to want a row of the photo for each sentence. */
const wantsRepeated = new WeakSet<Session>();

function photoInputs(
  decoder: Manifest['decoder'],
  encoded: Readonly<Record<string, Values>>,
  session: Session,
): PhotoInputs {
  const shared = Object.fromEntries(
    Object.entries(decoder.encoderInputs).map(([input, output]) => [input, pick(encoded, output)]),
  );
  let repeated = shared;
  const repeat = (rows: number) => {
    repeated = Object.fromEntries(
      Object.entries(repeated).map(([name, values]) => [name, withRows(values, rows)]),
    );
    return repeated;
  };
  return {
    async run(rows, step) {
      if (decoder.encoderRows === 'repeated' || wantsRepeated.has(session))
        return step(repeat(rows));
      try {
        return await step(shared);
      } catch (error) {
        // A graph that was fused after its export may have lost the broadcasting it had.
        if (rows === 1) throw error;
        const result = await step(repeat(rows));
        wantsRepeated.add(session);
        return result;
      }
    },
  };
}

function initialState(
  tensors: readonly StateTensor[],
  encoded: Readonly<Record<string, Values>>,
  session: Session,
): Record<string, Values> {
  return Object.fromEntries(
    tensors.map(({ input, initial, from }) => [
      input,
      from ? pick(encoded, from) : zeros(session.inputType(input) ?? 'float32', initial),
    ]),
  );
}

/** One network of a pair takes the photo, the other what was made of it. */
function accepted(
  feeds: Readonly<Record<string, Values>>,
  session: Session,
): Readonly<Record<string, Values>> {
  return Object.fromEntries(
    Object.entries(feeds).filter(([name]) => session.inputs.includes(name)),
  );
}

function tokenInput(
  session: Session,
  name: string,
  tokens: readonly number[],
  dims: readonly number[],
): Values {
  return session.inputType(name) === 'int32'
    ? { type: 'int32', data: Int32Array.from(tokens), dims }
    : { type: 'int64', data: BigInt64Array.from(tokens, BigInt), dims };
}

function flag(value: boolean): Values {
  return { type: 'bool', data: Uint8Array.of(value ? 1 : 0), dims: [1] };
}

function pick(values: Readonly<Record<string, Values>>, name: string): Values {
  const found = values[name];
  if (found) return found;
  throw new CaptionError(
    'MODEL_INVALID',
    `The manifest speaks of a tensor "${name}" that the network does not give.`,
  );
}
