import { expect, test } from 'vitest';
import { chatTemplate } from './chat.js';
import { fieldsOf } from './fields.js';

const config = (chat_template?: unknown) =>
  fieldsOf('tokenizer_config.json', { bos_token: '<s>', eos_token: '</s>', chat_template });
const MARKED =
  "{% for m in messages %}{% for c in m.content %}{{ '<image>' if c.type == 'image' else c.text }}{% endfor %}{% endfor %}";
const asked = { template: '{photo}{prompt}' };

// The constructions of well-known templates; what they give is what transformers 4.57 renders.
test.each<[string, string, object]>([
  [
    'filters, and the first part looked at',
    "<|im_start|>{% for m in messages %}{{m['role'] | capitalize}}{% if m['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}{% for c in m['content'] %}{% if c['type'] == 'text' %}{{c['text']}}{% elif c['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end>\n{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}",
    { template: '<|im_start|>User:{photo}{prompt}<end>\nAssistant:' },
  ],
  [
    'a message as one text, after a text of the system',
    "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}{{ '<|system|>Help.\n' }}{% endif %}{{ m['role'] + '\n' + m['content'] + '<end>' }}{% endfor %}",
    { template: '<|system|>Help.\nuser\n{photo}\n{prompt}<end>' },
  ],
  [
    'photos first, and parts that are trained on',
    "{% for m in messages %}{{ m['role'].upper() + ': ' }}{% for c in m['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}{% for c in m['content'] | selectattr('type', 'equalto', 'text') %}{% generation %}{{ c['text'] + ' ' }}{% endgeneration %}{% endfor %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}",
    { template: 'USER: {photo}\n{prompt} ASSISTANT:' },
  ],
  [
    'the first token, a namespace and white space taken away',
    "{{- bos_token -}}\n{%- set ns = namespace(text='') -%}\n{%- for m in messages -%}\n  {{- '<|' + m['role'] + '|>' -}}\n  {%- if m['content'] is not string -%}\n    {%- for c in m['content'] -%}{{- '<image>' if c['type'] == 'image' else c['text'] -}}{%- endfor -%}\n  {%- endif -%}\n{%- endfor -%}",
    { template: '<s><|user|>{photo}{prompt}', specialTokens: false },
  ],
  [
    'a macro',
    '{% macro picture() %}<image>{% endmacro %}{% for m in messages %}{% for c in m.content %}{{ picture() if c.type == "image" else c.text }}{% endfor %}</s>{% endfor %}',
    { template: '{photo}{prompt}</s>' },
  ],
])('a chat template with %s', async (_, jinja, expected) => {
  expect(await chatTemplate({ jinja, others: [config()] }, '<image>', '\n')).toEqual(expected);
});

test.each<[string, unknown]>([
  ['a text', MARKED],
  [
    'a list by name',
    [
      { name: 'tool_use', template: 'x' },
      { name: 'default', template: MARKED },
    ],
  ],
  ['an object by name', { tool_use: 'x', default: MARKED }],
])('templates may be %s', async (_, given) => {
  expect(await chatTemplate({ others: [config(given)] }, '<image>', '')).toEqual(asked);
});

test('a file of its own counts before the others, which are read in order', async () => {
  const others = [config(), config('no mark'), config(MARKED)];
  await expect(chatTemplate({ others }, '<image>', '')).rejects.toMatchObject({
    code: 'MODEL_UNSUPPORTED',
  });
  expect(await chatTemplate({ jinja: MARKED, others }, '<image>', '')).toEqual(asked);
});

test('no template at all is refused', async () => {
  await expect(chatTemplate({ others: [config()] }, '<image>', '')).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringContaining('chat_template.jinja'),
  });
});
