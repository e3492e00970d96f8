import { CaptionError } from '../errors.js';
import type { DecoderStep, DecoderStepOutput } from '../search/types.js';
import { embed } from './embedding.js';
import type { Manifest, StateTensor } from './manifest.js';
import { PhotoInputs } from './photo-inputs.js';
import { RowStates } from './row-states.js';
import { floats, lastPositions, zeros } from './rows.js';
import type { Session, Values } from './session.js';
import { asType, filled, whole } from './values.js';

/** The decoder's networks. Some models have a separate one for the first step. */
export interface DecoderNetworks {
  readonly first: Session;
  readonly later: Session;
  /** If the decoder's input is embeddings instead of tokens. */
  readonly embedding?: Session;
}

/** The encoder's results for one photo, as the decoder needs them. */
export interface EncodedPhoto {
  /** The encoder's outputs by name; every row (beam) shares them. */
  readonly outputs: Readonly<Record<string, Values>>;
  /** The tokens that precede a caption's first word. */
  readonly start: readonly number[];
  /** How many of the last of them count as new tokens in scores. */
  readonly forcedTokens: number;
  /** The embeddings of `start` with the photo in them, if the decoder reads the prompt itself. */
  readonly prefill?: Values;
  /** The probability of each of the model's tags, 0–1, in the manifest's order. */
  readonly tags?: Float32Array;
  /** What `encoder.tags.bias` gives for each of them, where the model has it. */
  readonly tagBias?: Float32Array;
}

/**
 * Starts decoding one photo: returns a step function with its own state.
 */
export function startDecoding(
  networks: DecoderNetworks,
  manifest: Manifest,
  photo: Pick<EncodedPhoto, 'outputs' | 'start' | 'prefill'>,
): DecoderStep {
  return manifest.decoder.feed === 'all'
    ? startStateless(networks.later, manifest, photo.outputs)
    : startStateful(networks, manifest, photo);
}

function startStateful(
  { first, later, embedding }: DecoderNetworks,
  { decoder, embedding: embeddingSpec }: Manifest,
  { outputs: encoded, start, prefill }: Pick<EncodedPhoto, 'outputs' | 'start' | 'prefill'>,
): DecoderStep {
  const results = [decoder.logits, ...(decoder.attention ? [decoder.attention] : [])];
  const changing = decoder.state.filter((tensor) => !tensor.fixed);
  const fixed = decoder.state.filter((tensor) => tensor.fixed);
  const fetches = {
    first: [...results, ...decoder.state.map((tensor) => tensor.output)],
    later: [...results, ...changing.map((tensor) => tensor.output)],
  };
  const photo = new PhotoInputs(decoder, {
    ...encoderInputs(decoder, encoded),
    ...initialState(fixed, encoded, later),
  });
  const state = new RowStates(initialState(changing, encoded, later));
  let session = first;
  let isFirst = true;
  /** What the last step gave. */
  let before: Readonly<Record<string, Values>> = {};
  /** Positions that the caches hold. */
  let past = 0;

  /** @param fed rows × positions, tokens or their embeddings, in the order of the state's rows */
  const advance = async (fed: Values): Promise<Record<string, Values>> => {
    const [rows = 1, count = 1] = fed.dims;
    const spent = state.isInPlace ? before : {};
    const rest = {
      ...state.tensors,
      ...(decoder.cacheSwitch && { [decoder.cacheSwitch]: flag(!isFirst) }),
      ...positionInputs(decoder, session, rows, past, count),
      [decoder.tokens]: fed,
    };
    const outputs = await photo.run(session, rows, (inputs, isTrial) => {
      const feeds = { ...inputs, ...rest };
      return session.run(
        first === later ? feeds : accepted(feeds, session),
        isFirst ? fetches.first : fetches.later,
        isTrial,
        spent,
      );
    });
    before = outputs;
    state.take(nextState(changing, outputs));
    if (isFirst && fixed.length > 0) photo.keep(nextState(fixed, outputs));
    isFirst = false;
    session = later;
    past += count;
    return outputs;
  };
  const result = (outputs: Record<string, Values>): DecoderStepOutput => {
    const inOrder = (name: string) => floats(state.inOrder(pick(outputs, name)), name);
    const logits = floats(
      state.inOrder(lastPositions(pick(outputs, decoder.logits))),
      decoder.logits,
    );
    return {
      logits,
      vocabSize: logits.length / state.rows,
      ...(decoder.attention && { attention: inOrder(decoder.attention) }),
    };
  };

  const step: DecoderStep = async (tokens, parents) => {
    const placed = state.place(tokens, parents);
    const dims = [tokens.length, 1];
    const fed =
      embedding && embeddingSpec
        ? await embed(embedding, embeddingSpec, placed, dims)
        : whole(session.inputType(decoder.tokens), placed, dims);
    return result(await advance(asType(fed, session.inputType(decoder.tokens))));
  };
  if (!prefill) return step;
  const read = asType(prefill, first.inputType(decoder.tokens));
  return Object.assign(step, {
    prefill: { tokens: start.length, run: async () => result(await advance(read)) },
  });
}

function nextState(
  tensors: readonly StateTensor[],
  outputs: Readonly<Record<string, Values>>,
): Record<string, Values> {
  return Object.fromEntries(tensors.map(({ input, output }) => [input, pick(outputs, output)]));
}

/** Inputs that some networks need although they follow from the lengths of the other inputs. */
function positionInputs(
  { attentionMask, positions, logitsToKeep }: Manifest['decoder'],
  session: Session,
  rows: number,
  past: number,
  count: number,
): Record<string, Values> {
  const row = Array.from({ length: count }, (_, i) => past + i);
  return {
    ...(attentionMask && {
      [attentionMask]: filled(session.inputType(attentionMask), 1, [rows, past + count]),
    }),
    ...(positions && {
      [positions]: whole(session.inputType(positions), new Array(rows).fill(row).flat(), [
        rows,
        count,
      ]),
    }),
    ...(logitsToKeep && { [logitsToKeep]: whole(session.inputType(logitsToKeep), [1], []) }),
  };
}

/** Every step reads the whole sentence again, because the network has no cache. */
function startStateless(
  session: Session,
  { decoder }: Manifest,
  encoded: Readonly<Record<string, Values>>,
): DecoderStep {
  const photo = new PhotoInputs(decoder, encoderInputs(decoder, encoded));
  let sentences: number[][] = [[]];

  return async (tokens, parents) => {
    sentences = tokens.map((token, row) => [...(sentences[parents[row] ?? 0] ?? []), token]);
    const rows = tokens.length;
    const length = sentences[0]?.length ?? 0;
    const ids = whole(session.inputType(decoder.tokens), sentences.flat(), [rows, length]);
    const outputs = await photo.run(session, rows, (inputs, isTrial) =>
      session.run({ ...inputs, [decoder.tokens]: ids }, [decoder.logits], isTrial),
    );
    const logits = floats(lastPositions(pick(outputs, decoder.logits)), decoder.logits);
    return { logits, vocabSize: logits.length / rows };
  };
}

function encoderInputs(
  decoder: Manifest['decoder'],
  encoded: Readonly<Record<string, Values>>,
): Record<string, Values> {
  return Object.fromEntries(
    Object.entries(decoder.encoderInputs).map(([input, output]) => [input, pick(encoded, output)]),
  );
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

function flag(value: boolean): Values {
  return { type: 'bool', data: Uint8Array.of(value ? 1 : 0), dims: [1] };
}

function pick(values: Readonly<Record<string, Values>>, name: string): Values {
  const found = values[name];
  if (found) return found;
  throw new CaptionError(
    'MODEL_INVALID',
    `The manifest names a tensor "${name}", which the network does not output.`,
  );
}
