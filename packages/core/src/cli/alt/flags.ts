import { captionFlag, type Flag, integer, number, SWITCH, text, type ValuesOf } from '../flags.js';

/** Every flag of `zipcaption alt`, in the order of the help. */
export const ALT_FLAGS = [
  {
    name: 'write',
    group: 'What is done',
    value: SWITCH,
    help: 'Write the drafts that the model is sure enough of into the files.',
  },
  {
    name: 'check',
    group: 'What is done',
    value: SWITCH,
    help: 'Caption nothing; exit code 1 if any image lacks an alternative text.',
  },
  {
    name: 'report',
    group: 'What is done',
    value: text('FILE'),
    help: 'Write a page to review the drafts on, which exports what was decided as JSON.',
  },
  {
    name: 'apply',
    group: 'What is done',
    value: text('FILE'),
    help: 'Write what was decided: the JSON that the page exports, or that --json prints.',
  },

  {
    name: 'root',
    group: 'Images',
    value: text('FOLDER'),
    repeatable: true,
    help: 'Where addresses that begin with / start from. May be repeated. Default: the folders named, their public/ and static/, then the same of the working folder.',
  },
  {
    name: 'site',
    group: 'Images',
    value: text('ADDRESS'),
    help: "The site's own http(s) address: images there are looked for in the roots.",
  },
  {
    name: 'remote',
    group: 'Images',
    value: SWITCH,
    help: 'Download images from other servers, too.',
  },
  { ...captionFlag('max-bytes'), group: 'Images' },
  { ...captionFlag('max-pixels'), group: 'Images' },
  { ...captionFlag('timeout'), group: 'Images' },

  {
    name: 'empty',
    group: 'What counts as missing',
    value: SWITCH,
    help: 'alt="" too. It says that an image is decorative, and is left alone by default.',
  },
  {
    name: 'placeholder',
    group: 'What counts as missing',
    value: text('TEXT'),
    repeatable: true,
    help: 'A text that says nothing, besides "image", names of files and the like. May be repeated.',
  },
  {
    name: 'component',
    group: 'What counts as missing',
    value: text('NAME'),
    repeatable: true,
    help: 'A component with src and alt, besides Image, Img, Picture, NuxtImg, NuxtPicture. May be repeated.',
  },
  {
    name: 'field',
    group: 'What counts as missing',
    value: text('ALT=IMAGE'),
    repeatable: true,
    help: "Front matter: the field of an alternative text and its image's, as cover_alt=cover. Dots go deeper. May be repeated.",
  },

  {
    name: 'min-confidence',
    group: 'Drafts',
    value: number(0, 1),
    help: 'Drafts of less confidence are reported, not written. Default 0.5.',
  },
  {
    name: 'prefix',
    group: 'Drafts',
    value: text('TEXT'),
    help: 'Put before each draft.',
  },
  {
    name: 'suffix',
    group: 'Drafts',
    value: text('TEXT'),
    help: 'Put after each draft: " (draft)".',
  },
  {
    name: 'template',
    group: 'Drafts',
    value: text('TEXT'),
    help: 'What a draft is made of: {caption}, {name} of the file, {confidence}. Default {caption}.',
  },
  {
    name: 'max-length',
    group: 'Drafts',
    value: integer(20, 1000),
    help: 'Most characters, prefix and suffix included. Default 125.',
  },
  {
    name: 'mark',
    group: 'Drafts',
    value: SWITCH,
    help: 'Write data-alt-draft beside each text, so that drafts are found again.',
  },
  {
    name: 'gender',
    group: 'Drafts',
    value: SWITCH,
    help: 'Let drafts say "man", "girl", … instead of "person", "child".',
  },
  { ...captionFlag('beams'), group: 'Drafts' },
  { ...captionFlag('prompt'), group: 'Drafts' },
  {
    name: 'resume',
    group: 'Drafts',
    value: SWITCH,
    help: 'Keep captions in the cache folder, and take from it what an earlier run with --resume has left there.',
  },
  {
    name: 'cache',
    group: 'Drafts',
    value: text('FILE'),
    help: 'As --resume, with this file.',
  },

  {
    name: 'format',
    group: 'Output',
    value: { kind: 'choice', choices: ['text', 'json', 'sarif', 'github'] },
    help: 'What is printed: lines for people, JSON, SARIF 2.1.0, or annotations for GitHub Actions. Default text.',
  },
  {
    name: 'json',
    group: 'Output',
    value: SWITCH,
    help: 'As --format json.',
  },
  captionFlag('quiet'),
  captionFlag('model'),
  captionFlag('dtype'),
  captionFlag('runtime'),
  captionFlag('threads'),
  captionFlag('jobs'),

  captionFlag('help'),
] as const satisfies readonly Flag[];

export type AltFlagValues = ValuesOf<typeof ALT_FLAGS>;
