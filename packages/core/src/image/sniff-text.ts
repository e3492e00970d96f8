/** Enough to find an SVG's root element behind a licence comment. */
const PROBE_BYTES = 4096;

interface TextKind {
  readonly test: RegExp;
  readonly name: string;
  readonly advice: string;
}

const TEXT_KINDS: readonly TextKind[] = [
  {
    test: /^version https:\/\/git-lfs\.github\.com\/spec/,
    name: 'a Git LFS pointer, not the photo it stands for',
    advice: 'Fetch the real file with `git lfs pull`.',
  },
  {
    test: /<svg[\s>]/i,
    name: 'an SVG drawing',
    advice: 'Draw it to PNG, for instance with `rsvg-convert drawing.svg -o drawing.png`.',
  },
  {
    test: /^\s*(<!--(?:(?!-->)[\s\S])*-->\s*)*(<!doctype html|<html|<head|<body)/i,
    name: 'an HTML page',
    advice:
      'Downloads that return a page (an error, a login) instead of the photo look like this: check the URL.',
  },
  {
    test: /^\s*<Error>|^\s*<\?xml[\s\S]*?<Error>/,
    name: 'an XML error message',
    advice:
      'Object stores answer like this when access is refused or a key is wrong: check the URL.',
  },
  {
    test: /^\s*<(\?xml|[a-z!][\w:.-]*[\s/>])/i,
    name: 'an XML document',
    advice: 'Pass the photo itself: JPEG, PNG, WebP or GIF.',
  },
  {
    test: /^\s*data:image\//,
    name: 'a data: URL as text',
    advice: 'Decode the part after "base64," and pass the bytes.',
  },
  {
    test: /^\s*(ff ?d8 ?ff|89 ?50 ?4e ?47|47 ?49 ?46 ?38|52 ?49 ?46 ?46)[\da-f\s]*$/i,
    name: 'a picture in hexadecimal, as text',
    advice: "Decode it into bytes first, for instance with `Buffer.from(text, 'hex')`.",
  },
  {
    // How the signatures of JPEG, PNG, GIF and WebP (RIFF) look in Base64.
    test: /^\s*(\/9j\/|iVBORw0KGgo|R0lGOD|UklGR)[\w+/=\s-]*$/,
    name: 'a picture in Base64, as text',
    advice: "Decode it into bytes first, for instance with `Buffer.from(text, 'base64')`.",
  },
  {
    test: /^\s*(\/\* XPM \*\/|! XPM2)/,
    name: 'an XPM picture',
    advice: 'Convert it to PNG, for instance with `magick picture.xpm picture.png`.',
  },
  {
    test: /^\s*(\/\*[\s\S]{0,1000}?\*\/\s*)?#define\s+\w*width\s+\d+\s+#define\s+\w*height\s+\d+/,
    name: 'an XBM picture',
    advice: 'Convert it to PNG, for instance with `magick picture.xbm picture.png`.',
  },
  {
    test: /^\s*(\{\s*("|\})|\[\s*["\d{[\]tfn-])/,
    name: 'a JSON text',
    advice: 'If a service answered with it, look for an error message or a URL in it.',
  },
];

/** What kind of text this is; undefined for anything that is not text. */
export function textKind(bytes: Uint8Array): Omit<TextKind, 'test'> | undefined {
  const text = asText(bytes.subarray(0, PROBE_BYTES));
  if (text === undefined) return undefined;
  return (
    TEXT_KINDS.find(({ test }) => test.test(text)) ?? {
      name: 'plain text',
      advice: 'Pass the photo itself: JPEG, PNG, WebP or GIF.',
    }
  );
}

/** Characters at the start by which what was treated as text shows what it had been. */
const MANGLED: readonly (readonly [test: RegExp, name: string])[] = [
  // FF D8 FF, none of which is UTF-8; or each taken for a character of Latin-1 and encoded.
  [/^(\ufffd{3}|\xff\xd8\xff)/, 'a JPEG'],
  [/^[\ufffd\x89]PNG/, 'a PNG'],
  [/^GIF8[79]a/, 'a GIF'],
  [/^RIFF[\s\S]{1,8}WEBP/, 'a WebP'],
];

/**
 * A binary file that a program took for text and wrote as UTF-8: what was not valid became U+FFFD
 * (EF BF BD), and what is left is valid throughout, which no real picture is.
 */
export function mangledKind(bytes: Uint8Array): Omit<TextKind, 'test'> | undefined {
  const text = validUtf8(bytes.subarray(0, PROBE_BYTES));
  if (text === undefined) return undefined;
  const [, name] = MANGLED.find(([test]) => test.test(text)) ?? [];
  // Latin-1 keeps every byte as a character, so no U+FFFD shows; the signature is enough there.
  const isLatin1 = /^(\xff\xd8\xff|\x89PNG)/.test(text);
  if (!isLatin1 && text.split('\ufffd').length <= LEAST_REPLACED) return undefined;
  return {
    name: `${name ?? 'a binary file'} that a program read as text and wrote as UTF-8, which destroyed it`,
    advice:
      'Read, send or upload the original as binary: `readFile(path)` without an encoding, `response.arrayBuffer()` rather than `.text()`, Base64 where only text can pass.',
  };
}

/** A text may hold one or two of them; a picture has hundreds. */
const LEAST_REPLACED = 3;

function validUtf8(bytes: Uint8Array): string | undefined {
  try {
    // As a stream: the last character may be cut in two by the probe's end.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, {
      stream: true,
    });
  } catch {
    return undefined;
  }
}

/** The bytes as text, or undefined where they hold what no text holds. */
function asText(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const encoding = isUtf16 ? (first === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8';
  const text = new TextDecoder(encoding).decode(bytes);
  // The last character may be cut in two by the probe's end; any other that is not valid is no text.
  const body = text.slice(0, -1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text)) return undefined;
  if (body.includes('\ufffd')) return undefined;
  return text;
}
