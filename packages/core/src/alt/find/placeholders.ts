/** English words that only say that there is an image, and texts that editors insert. */
const WORDS = [
  'image',
  'images',
  'img',
  'photo',
  'photograph',
  'picture',
  'pic',
  'graphic',
  'thumbnail',
  'alt',
  'alt text',
  'alternative text',
  'alternate text',
  'image alt text',
  'alt-text',
  'image description',
  'description',
  'enter image description here',
  'placeholder',
  'untitled',
  'undefined',
  'null',
  'none',
  'todo',
  'tbd',
  'fixme',
  'n/a',
  'spacer',
];

const FILE_EXTENSION = /\.(?:jpe?g|jpe|jfif|png|webp|gif|avif|heic|heif|tiff?|bmp|svg)$/i;
/** What cameras and editors number: `IMG_1234`, `DSC00012`, `image-3`, `Untitled 2`. */
const NUMBERED =
  /^(?:img|dsc[fn]?|pxl|image|photo|picture|screenshot|untitled)[\s_-]*\d+(?:[\s_-]\d+)*$/i;

/**
 * True for a text that describes nothing: a word of a short list, the name of a file (its own or
 * any with an image's extension), what cameras number. A plain word that happens to be the file's
 * name (`dog` for `dog.jpg`) is an alternative text.
 *
 * @param src the image's address
 * @param more texts that count, too
 */
export function isPlaceholder(alt: string, src: string | null, more: readonly string[]): boolean {
  const text = normal(alt);
  if (text === '') return false;
  if (WORDS.includes(text) || more.some((each) => normal(each) === text)) return true;
  if (FILE_EXTENSION.test(text) && !/\s/.test(text)) return true;
  if (NUMBERED.test(text)) return true;
  const name = src === null ? '' : normal(fileName(src));
  if (name === '') return false;
  const stem = name.replace(FILE_EXTENSION, '');
  return text === name || (text === stem && /[\d_-]/.test(stem));
}

/** The last part of an address's path, decoded. */
export function fileName(src: string): string {
  if (/^data:/i.test(src)) return '';
  const path = src.split(/[?#]/, 1)[0] ?? '';
  const last = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function normal(text: string): string {
  return text
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/[.:!]$/, '')
    .toLowerCase();
}
