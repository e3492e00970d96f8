import { captionFlag, type Flag, integer, number, SWITCH, text, type ValuesOf } from '../flags.js';

/** Every flag of `zipcaption alt`, in the order of the help. */
export const ALT_FLAGS = [
  {
    name: 'write',
    group: 'Actions',
    value: SWITCH,
    help: 'Write the drafts with enough confidence into the files.',
  },
  {
    name: 'check',
    group: 'Actions',
    value: SWITCH,
    help: 'Caption nothing; exit with 1 if any image lacks an alternative text.',
  },
  {
    name: 'report',
    group: 'Actions',
    value: text('FILE'),
    help: 'Write a page for reviewing the drafts. It exports the decisions as JSON.',
  },
  {
    name: 'apply',
    group: 'Actions',
    value: text('FILE'),
    help: 'Write decisions into the files: the JSON that the page exports, or that --json prints.',
  },

  {
    name: 'root',
    group: 'Images',
    value: text('FOLDER'),
    repeatable: true,
    help: 'Folder that addresses beginning with / are relative to. May be repeated. Default: the named folders, their public/ and static/, then the same of the working folder.',
  },
  {
    name: 'site',
    group: 'Images',
    value: text('ADDRESS'),
    help: "The site's own http(s) address. Images at it are looked up in the roots.",
  },
  {
    name: 'remote',
    group: 'Images',
    value: SWITCH,
    help: 'Also download images from other servers.',
  },
  { ...captionFlag('max-bytes'), group: 'Images' },
  { ...captionFlag('max-pixels'), group: 'Images' },
  { ...captionFlag('timeout'), group: 'Images' },

  {
    name: 'empty',
    group: 'What counts as missing',
    value: SWITCH,
    help: 'Also alt="". It marks an image as decorative and is kept by default.',
  },
  {
    name: 'placeholder',
    group: 'What counts as missing',
    value: text('TEXT'),
    repeatable: true,
    help: 'A text that counts as no description, besides "image", file names and similar. May be repeated.',
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
    help: 'Front matter: the field of an alternative text and the field of its image, as in cover_alt=cover. Dots separate nested fields. May be repeated.',
  },

  {
    name: 'min-confidence',
    group: 'Drafts',
    value: number(0, 1),
    help: 'Drafts with less confidence are reported, not written. Default 0.5.',
  },
  {
    name: 'prefix',
    group: 'Drafts',
    value: text('TEXT'),
    help: 'Text before each draft.',
  },
  {
    name: 'suffix',
    group: 'Drafts',
    value: text('TEXT'),
    help: 'Text after each draft, for example " (draft)".',
  },
  {
    name: 'template',
    group: 'Drafts',
    value: text('TEXT'),
    help: 'Template of a draft, with {caption}, {name} (of the file) and {confidence}. Default {caption}.',
  },
  {
    name: 'max-length',
    group: 'Drafts',
    value: integer(20, 1000),
    help: 'Maximum number of characters, prefix and suffix included. Default 125.',
  },
  {
    name: 'mark',
    group: 'Drafts',
    value: SWITCH,
    help: 'Also write the attribute data-alt-draft, so that drafts can be found later.',
  },
  {
    name: 'gender',
    group: 'Drafts',
    value: SWITCH,
    help: 'Allow "man", "girl", … in drafts instead of "person", "child".',
  },
  { ...captionFlag('beams'), group: 'Drafts' },
  { ...captionFlag('prompt'), group: 'Drafts' },
  {
    name: 'resume',
    group: 'Drafts',
    value: SWITCH,
    help: 'Store captions in the cache folder, and reuse those of earlier runs with --resume.',
  },
  {
    name: 'cache',
    group: 'Drafts',
    value: text('FILE'),
    help: 'Like --resume, with this cache file.',
  },

  {
    name: 'format',
    group: 'Output',
    value: { kind: 'choice', choices: ['text', 'json', 'sarif', 'github'] },
    help: 'Output format: text for people, JSON, SARIF 2.1.0, or annotations for GitHub Actions. Default text.',
  },
  {
    name: 'json',
    group: 'Output',
    value: SWITCH,
    help: 'Same as --format json.',
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
