import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';

/*
 * Two libraries, one task: a greedy caption of at most `tokens` new tokens. Both are given the same
 * native runtime, the one that transformers.js brings along, with one thread.
 */

const transformers = import.meta.resolve('@huggingface/transformers');
const native = () => createRequire(transformers)('onnxruntime-node');

/** A photo of 640×480 that needs no file: what is in it is of no account to random weights. */
const width = 640;
const height = 480;
const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + (i >> 9)) % 256);

/** Each: loads the model, gives a function that captions. */
export const engines = {
  async 'transformers.js'(folder, dtype) {
    const library = await import(transformers);
    const { env, pipeline, RawImage } = library;
    env.allowRemoteModels = false;
    env.localModelPath = `${dirname(resolve(folder))}/`;
    const session_options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
    const options = { dtype, device: 'cpu', session_options };
    const type = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')).model_type;
    if (type in PROMPTED) return prompted(library, PROMPTED[type], resolve(folder), options);
    const captioner = await pipeline('image-to-text', basename(resolve(folder)), options);
    const photo = new RawImage(data, width, height, 3);
    return (tokens) =>
      captioner(photo, {
        max_new_tokens: tokens,
        min_new_tokens: tokens,
        num_beams: 1,
        do_sample: false,
      });
  },
  'zipcaption, native': (folder, dtype) => zipcaption(folder, dtype, native()),
  'zipcaption, WASM': (folder, dtype) => zipcaption(folder, dtype, 'web'),
};

/** How transformers.js's documentation asks models that chat. @param ask the processor, with text and photo */
const chat = (model, ask) => ({
  model,
  further: 0,
  async inputs(processor, photo, folder) {
    const text = 'Describe this image in one short sentence.';
    const content = [{ type: 'image' }, { type: 'text', text }];
    const chat_template = chatTemplate(folder);
    const question = processor.tokenizer.apply_chat_template([{ role: 'user', content }], {
      add_generation_prompt: true,
      tokenize: false,
      ...(chat_template && { chat_template }),
    });
    return ask(processor, question, photo);
  },
});

function chatTemplate(folder) {
  const [jinja, json] = ['jinja', 'json'].map((ending) => join(folder, `chat_template.${ending}`));
  if (existsSync(jinja)) return readFileSync(jinja, 'utf8');
  return existsSync(json) ? JSON.parse(readFileSync(json, 'utf8')).chat_template : undefined;
}

/** Models that take a prompt, by type: their class, and how transformers.js's documentation asks them. */
const PROMPTED = {
  florence2: {
    model: 'Florence2ForConditionalGeneration',
    // A start token is forced and counts as a new one there.
    further: 1,
    inputs: async (processor, photo) => ({
      ...(await processor(photo)),
      ...processor.tokenizer(processor.construct_prompts('<CAPTION>')),
    }),
  },
  smolvlm: chat('SmolVLMForConditionalGeneration', (processor, text, photo) =>
    processor(text, [photo]),
  ),
  lfm2_vl: chat('Lfm2VlForConditionalGeneration', (processor, text, photo) =>
    processor(photo, text, { add_special_tokens: false }),
  ),
};

async function prompted(library, { model, further, inputs }, folder, options) {
  const name = basename(folder);
  const [loaded, processor] = await Promise.all([
    library[model].from_pretrained(name, options),
    library.AutoProcessor.from_pretrained(name),
  ]);
  const photo = new library.RawImage(Uint8ClampedArray.from(data), width, height, 3);
  return async (tokens) =>
    loaded.generate({
      ...(await inputs(processor, photo, folder)),
      max_new_tokens: tokens + further,
      num_beams: 1,
      do_sample: false,
      // Random weights may end at once.
      min_new_tokens: tokens + further,
    });
}

async function zipcaption(folder, dtype, runtime) {
  const { loadCaptioner } = await import('../../packages/core/dist/index.js');
  const captioner = await loadCaptioner({
    model: resolve(folder),
    dtype,
    threads: 1,
    ...(runtime && { runtime }),
  });
  const photo = { width, height, data, channels: 3 };
  return (tokens, numBeams = 1) =>
    captioner.caption(photo, { maxLength: tokens, minLength: tokens, numBeams });
}
