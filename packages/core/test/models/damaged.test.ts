import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadCaptioner } from '../../src/captioner.js';
import { photo } from './photos.js';
import { fixture } from './recordings.js';

type Files = Record<string, Uint8Array>;

function folder(family: string): Files {
  const names = readdirSync(fixture(family), { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    names
      .filter(
        (name) =>
          /(^|\/)[^.]+\.(json|jinja|onnx|onnx_data)$/.test(name) && !/expected|-js/.test(name),
      )
      .map((name) => [name, new Uint8Array(readFileSync(fixture(family) + name))]),
  );
}

function editJson(files: Files, name: string, edit: (json: ReturnType<typeof JSON.parse>) => void) {
  const json = JSON.parse(new TextDecoder().decode(files[name]));
  edit(json);
  files[name] = new TextEncoder().encode(JSON.stringify(json));
}

const config = (edit: (json: ReturnType<typeof JSON.parse>) => void) => (files: Files) =>
  editJson(files, 'config.json', edit);
const processor = (edit: (json: ReturnType<typeof JSON.parse>) => void) => (files: Files) =>
  editJson(files, 'preprocessor_config.json', edit);
const generation = (edit: (json: ReturnType<typeof JSON.parse>) => void) => (files: Files) =>
  editJson(files, 'generation_config.json', edit);
/** The words of a tokenizer in the order of their numbers, some of them left out. */
const vocabulary = (edit: (words: [string, number][]) => [string, number][]) => (files: Files) =>
  editJson(files, 'tokenizer.json', (tokenizer) => {
    const words = Object.entries<number>(tokenizer.model.vocab).sort((a, b) => a[1] - b[1]);
    tokenizer.model.vocab = Object.fromEntries(edit(words));
  });
const gone = (name: string) => (files: Files) => {
  delete files[name];
};
const pointer = new TextEncoder().encode(
  'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 343000000\n',
);

describe('a damaged Hugging Face folder is refused with what to do', () => {
  test.each<[string, string, (files: Files) => void, string, RegExp]>([
    [
      'no encoder',
      'swin-bert',
      gone('onnx/encoder_model.onnx'),
      'MODEL_NOT_FOUND',
      /encoder_model\.onnx.*optimum-cli export/,
    ],
    [
      'no decoder',
      'swin-bert',
      gone('onnx/decoder_model.onnx'),
      'MODEL_NOT_FOUND',
      /no files of dtype "fp32".*missing: decoder_model_merged\.onnx/,
    ],
    ['no tokenizer', 'swin-bert', gone('tokenizer.json'), 'MODEL_NOT_FOUND', /tokenizer\.json/],
    [
      'no preprocessing',
      'swin-bert',
      gone('preprocessor_config.json'),
      'MODEL_NOT_FOUND',
      /preprocessor_config\.json/,
    ],
    [
      'no external data',
      'deit-distilgpt2',
      gone('onnx/encoder_model.onnx_data'),
      'MODEL_INVALID',
      /weights of onnx\/encoder_model\.onnx are in files of their own, of which one is missing/,
    ],
    [
      'half of a pair',
      'beit-trocr',
      (files) => {
        gone('onnx/decoder_model_merged.onnx')(files);
        gone('onnx/decoder_model.onnx')(files);
      },
      'MODEL_NOT_FOUND',
      /needs decoder_model\.onnx/,
    ],
    [
      'a Git LFS pointer',
      'swin-bert',
      (f) => Object.assign(f, { 'onnx/encoder_model.onnx': pointer }),
      'MODEL_CORRUPT',
      /git lfs pull/,
    ],
    [
      'a network cut off',
      'swin-bert',
      (f) =>
        Object.assign(f, {
          'onnx/decoder_model.onnx': f['onnx/decoder_model.onnx']?.slice(0, 60_000),
        }),
      'MODEL_INVALID',
      /decoder_model\.onnx.*cut off/,
    ],
    [
      'half a config.json',
      'swin-bert',
      (f) => Object.assign(f, { 'config.json': f['config.json']?.slice(0, 99) }),
      'MODEL_INVALID',
      /config\.json is not JSON/,
    ],
    [
      'an unknown architecture',
      'swin-bert',
      config((c) => (c.model_type = 'blip')),
      'MODEL_UNSUPPORTED',
      /"blip": BLIP has no public ONNX export/,
    ],
    [
      'no architecture',
      'swin-bert',
      config((c) => delete c.model_type),
      'MODEL_UNSUPPORTED',
      /vision-encoder-decoder/,
    ],
    [
      'no end token',
      'swin-bert',
      (files) => {
        generation((g) => delete g.eos_token_id)(files);
        config((c) => {
          delete c.eos_token_id;
          delete c.decoder.eos_token_id;
        })(files);
      },
      'MODEL_INVALID',
      /eos_token_id/,
    ],
    [
      'a search that is not had here',
      'swin-bert',
      generation((g) => (g.num_beam_groups = 2)),
      'MODEL_UNSUPPORTED',
      /num_beam_groups/,
    ],
    [
      'a number as text',
      'swin-bert',
      generation((g) => (g.num_beams = 'four')),
      'MODEL_INVALID',
      /"num_beams" must be a number/,
    ],
    [
      'a filter that does not exist',
      'swin-bert',
      processor((p) => (p.resample = 9)),
      'MODEL_INVALID',
      /"resample"/,
    ],
    [
      'a size without numbers',
      'swin-bert',
      processor((p) => (p.size = { height: 'tall' })),
      'MODEL_INVALID',
      /"size"/,
    ],
    [
      'preprocessing that is not had here',
      'swin-bert',
      processor((p) => (p.do_pad = true)),
      'MODEL_UNSUPPORTED',
      /"do_pad"/,
    ],
    [
      'an unknown processor',
      'swin-bert',
      processor((p) => (p.image_processor_type = 'DonutImageProcessor')),
      'MODEL_UNSUPPORTED',
      /DonutImageProcessor/,
    ],
    [
      'pixels for another encoder',
      'beit-trocr',
      processor((p) => (p.size = { height: 64, width: 64 })),
      'MODEL_INVALID',
      /32×32.*64×64/,
    ],
    [
      "another model's tokenizer",
      'swin-bert',
      (f) => Object.assign(f, { 'tokenizer.json': folder('beit-trocr')['tokenizer.json'] }),
      'MODEL_INVALID',
      /do not belong together/,
    ],
    [
      'a tokenizer that lacks the last words',
      'swin-bert',
      vocabulary((words) => words.slice(0, -9)),
      'MODEL_INVALID',
      /131 words for 131 token numbers, the decoder has 140/,
    ],
    [
      'a tokenizer that lacks words in between',
      'vit-gpt2',
      vocabulary((words) => words.filter((_, id) => id % 50 !== 49)),
      'MODEL_INVALID',
      /words for 29\d token numbers, the decoder has 300/,
    ],
    [
      'no vision encoder',
      'florence2',
      gone('onnx/vision_encoder.onnx'),
      'MODEL_NOT_FOUND',
      /missing: vision_encoder\.onnx\. Complete there are: q8/,
    ],
    [
      'no embeddings',
      'florence2',
      gone('onnx/embed_tokens.onnx'),
      'MODEL_NOT_FOUND',
      /no files of dtype "fp32".*missing: embed_tokens\.onnx/,
    ],
    [
      'features for other embeddings',
      'florence2',
      (f) => Object.assign(f, { 'onnx/embed_tokens.onnx': f['onnx/encoder_model.onnx'] }),
      'MODEL_INVALID',
      /embed_tokens\.onnx/,
    ],
    [
      'a family that nobody knows',
      'florence2',
      config((c) => (c.model_type = 'qwen9_vl')),
      'MODEL_UNSUPPORTED',
      /"qwen9_vl".*vision-encoder-decoder, florence2/,
    ],
    ['no chat template', 'smolvlm', gone('chat_template.json'), 'MODEL_INVALID', /chat_template/],
    [
      'a chat template that is none',
      'smolvlm',
      (files) => editJson(files, 'chat_template.json', (c) => (c.chat_template = '{% for %}')),
      'MODEL_UNSUPPORTED',
      /chat template cannot be used/,
    ],
    [
      'a chat template that forgets the photo',
      'smolvlm',
      (files) => editJson(files, 'chat_template.json', (c) => (c.chat_template = 'Describe it.')),
      'MODEL_UNSUPPORTED',
      /chat template cannot be used: its output has no "<image>"/,
    ],
    [
      'tiles of no size',
      'smolvlm',
      processor((c) => (c.max_image_size = { longest_edge: 0 })),
      'MODEL_INVALID',
      /max_image_size/,
    ],
    [
      'a tokenizer without the mark of the photo',
      'llava-qwen2',
      (f) =>
        editJson(f, 'tokenizer.json', (t) => {
          t.added_tokens = t.added_tokens.filter(
            (token: { content: string }) => token.content !== '<image>',
          );
        }),
      'MODEL_INVALID',
      /do not belong together/,
    ],
    [
      'no chat template where it has a file of its own',
      'lfm2-vl',
      gone('chat_template.jinja'),
      'MODEL_INVALID',
      /chat_template\.jinja, chat_template\.json or/,
    ],
    [
      'tiles that patches do not fill',
      'lfm2-vl',
      processor((c) => (c.tile_size = 17)),
      'MODEL_INVALID',
      /"tile_size".*multiple of 8 pixels/,
    ],
    [
      "another family's vision encoder",
      'lfm2-vl',
      (f) =>
        Object.assign(f, {
          'onnx/vision_encoder.onnx': folder('smolvlm')['onnx/vision_encoder.onnx'],
        }),
      'MODEL_INVALID',
      /"spatial_shapes" that onnx\/vision_encoder\.onnx does not have/,
    ],
    [
      "another family's decoder",
      'lfm2-vl',
      (f) =>
        Object.assign(f, {
          'onnx/decoder_model_merged.onnx': folder('smolvlm')['onnx/decoder_model_merged.onnx'],
        }),
      'MODEL_INVALID',
      /do not belong together|belong to different models/,
    ],
    [
      'networks that have changed places',
      'smolvlm',
      (f) => {
        const [decoder, embeddings] = ['decoder_model_merged', 'embed_tokens'];
        const swapped = {
          [`onnx/${decoder}.onnx`]: f[`onnx/${embeddings}.onnx`],
          [`onnx/${embeddings}.onnx`]: f[`onnx/${decoder}.onnx`],
        };
        Object.assign(f, swapped);
      },
      'MODEL_UNSUPPORTED',
      /decoder_model_merged\.onnx is not a decoder/,
    ],
  ])('%s', async (_, family, damage, code, message) => {
    const files = folder(family);
    damage(files);
    await expect(loadCaptioner({ model: files, dtype: 'fp32' })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test.each(['florence2', 'smolvlm', 'llava-qwen2', 'llava-onevision', 'lfm2-vl'])(
    'a number format that %s lacks',
    async (family) => {
      await expect(loadCaptioner({ model: folder(family), dtype: 'q4' })).rejects.toMatchObject({
        code: 'MODEL_NOT_FOUND',
        message: expect.stringMatching(/no files of dtype "q4".*Complete there are: fp32, q8/),
      });
    },
  );

  test('patches of another size than the encoder has', async () => {
    const files = folder('lfm2-vl');
    processor((c) => Object.assign(c, { encoder_patch_size: 8 }))(files);
    const captioner = await loadCaptioner({ model: files, dtype: 'fp32' });
    await expect(captioner.caption(photo(0))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('belong to different models'),
    });
    await captioner.dispose();
  });

  test("another model's decoder", async () => {
    const files = folder('swin-bert');
    const other = folder('deit-distilgpt2');
    for (const name of Object.keys(other)) {
      if (/decoder_model_merged|tokenizer|generation/.test(name))
        files[name] = other[name] as Uint8Array;
    }
    const captioner = await loadCaptioner({ model: files });
    await expect(captioner.caption(photo(0))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('belong to different models'),
    });
    await captioner.dispose();
  });
});

test('preprocessing may stand in processor_config.json, as transformers 5 writes it', async () => {
  const files = folder('lfm2-vl');
  const settings = { model: files, dtype: 'fp32' } as const;
  const own = await loadCaptioner(settings);
  const spec = JSON.parse(new TextDecoder().decode(files['preprocessor_config.json']));
  editJson(files, 'processor_config.json', (json) => (json.image_processor = spec));
  delete files['preprocessor_config.json'];
  const shared = await loadCaptioner(settings);
  expect(shared.model.image).toEqual(own.model.image);
  delete files['processor_config.json'];
  await expect(loadCaptioner(settings)).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
    message: expect.stringContaining('preprocessor_config.json'),
  });
  await own.dispose();
  await shared.dispose();
});
