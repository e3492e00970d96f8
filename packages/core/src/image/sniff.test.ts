import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { noise, scene } from '../../test/image/pictures.js';
import { CaptionError } from '../errors.js';
import { sniff, supportedFormat } from './sniff.js';

const { data, width, height } = scene(32, 24);
const picture = () => sharp(data, { raw: { width, height, channels: 3 } });

const text = (content: string) => new TextEncoder().encode(content);
const latin1 = (content: string, padding = 64) =>
  new Uint8Array(Buffer.concat([Buffer.from(content, 'latin1'), Buffer.alloc(padding, 1)]));
const ftyp = (...brands: string[]) =>
  latin1(
    `\0\0\0${String.fromCharCode(12 + brands.length * 4)}ftyp${brands[0]}\0\0\0\0${brands.slice(1).join('')}`,
  );

describe('what is read', () => {
  it.each(['jpeg', 'png', 'webp', 'gif'] as const)('%s, as sharp writes it', async (format) => {
    expect(sniff(await picture().toFormat(format).toBuffer())).toEqual({ format });
    expect(supportedFormat(await picture().toFormat(format).toBuffer())).toBe(format);
  });

  it('both versions of GIF, and a JPEG that ends after its first marker', () => {
    expect(sniff(latin1('GIF87a')).format).toBe('gif');
    expect(sniff(Uint8Array.of(0xff, 0xd8)).format).toBe('jpeg');
  });
});

/** Of each type of TGA a header: colours, greys, a map; plain and run-length coded; with a comment. */
const TARGA = [
  [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 24, 0, 1, 2, 3],
  [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 32, 8, 1, 2, 3],
  [0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 1, 240, 0, 24, 32, 255, 1],
  [0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 8, 0, 1, 2, 3],
  [0, 1, 1, 0, 0, 0, 1, 24, 0, 0, 0, 0, 2, 0, 2, 0, 8, 0, 1, 2, 3],
  [5, 1, 9, 0, 0, 16, 0, 32, 0, 0, 0, 0, 2, 0, 2, 0, 8, 0, 104, 101],
];

describe('what is refused, by name', () => {
  it.each(['tiff', 'avif', 'jp2', 'jxl', 'heif'] as const)(
    '%s, as sharp writes it',
    async (format) => {
      const names = { tiff: 'TIFF', avif: 'AVIF', jp2: 'JPEG 2000', jxl: 'JPEG XL', heif: 'AVIF' };
      const options = format === 'heif' ? { compression: 'av1' as const } : {};
      let file: Uint8Array;
      try {
        file = await picture().toFormat(format, options).toBuffer();
      } catch {
        return; // This build of libvips cannot write it.
      }
      expect(refusal(file)).toContain(names[format]);
    },
  );

  const named: readonly (readonly [name: string, bytes: Uint8Array])[] = [
    ['HEIC/HEIF', ftyp('heic', 'mif1', 'heic')],
    ['HEIC/HEIF', ftyp('mif1', 'mif1', 'heic')],
    ['HEIC/HEIF', ftyp('heix')],
    ['AVIF', ftyp('avif', 'mif1', 'avif')],
    ['AVIF', ftyp('mif1', 'miaf', 'avif')],
    ['Canon raw', ftyp('crx ', 'crx ', 'isom')],
    ['JPEG 2000', ftyp('jp2 ')],
    ['JPEG 2000', latin1('\0\0\0\x0cjP  \r\n\x87\n')],
    ['JPEG XL', latin1('\0\0\0\x0cJXL \r\n\x87\n')],
    ['JPEG XL', latin1('\xff\x0a')],
    ['TIFF or camera raw', latin1('II*\0')],
    ['TIFF or camera raw', latin1('MM\0*')],
    ['Olympus raw', latin1('IIRO')],
    ['Panasonic raw', latin1('IIU\0')],
    ['Fujifilm raw', latin1('FUJIFILMCCD-RAW 0201')],
    ['BMP', latin1('BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0')],
    ['icon (ICO)', latin1('\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0\x68\x04\0\0\x16\0\0\0')],
    ['cursor (CUR)', latin1('\0\0\x02\0\x01\0\x20\x20\0\0\x01\0\x01\0\x30\x01\0\0\x16\0\0\0')],
    ['without its file header', latin1('\x28\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\x18\0')],
    ...TARGA.map((header) => ['Targa picture (TGA)', Uint8Array.from(header)] as const),
    ['PCX', latin1('\x0a\x05\x01\x08\0\0\0\0', 128)],
    ...[1, 2, 3, 4, 5, 6].map(
      (kind) => ['Netpbm', latin1(`P${kind}\n# by hand\n2 2\n255\n`)] as const,
    ),
    ['Netpbm', latin1('P6 2 2 255\n')],
    ['Netpbm', latin1('P5#by hand\n2 2 255\n')],
    ['Netpbm', latin1('P7\nWIDTH 2\nHEIGHT 2\nDEPTH 3\nMAXVAL 255\nENDHDR\n')],
    ['Portable FloatMap', latin1('PF\n2 2\n-1.0\n')],
    ['XPM', text('/* XPM */\nstatic char *a[] = {"1 1 1 1", "a c #ff0000", "a"};')],
    ['XPM', text('! XPM2\n1 1 1 1\na c #ff0000\na\n')],
    ['XBM', text('#define im_width 8\n#define im_height 1\nstatic char im_bits[] = { 0x55 };')],
    ['SGI', latin1('\x01\xda\x01\x01\0\x03')],
    ['Sun raster', latin1('\x59\xa6\x6a\x95')],
    ['DPX', latin1('SDPX')],
    ['DICOM', latin1(`${'\0'.repeat(127)}\x01DICM`)],
    ['EMF', latin1(`\x01${'\0'.repeat(39)} EMF`)],
    ['animated cursor', latin1('RIFF\x10\0\0\0ACON')],
    ['Radiance', latin1('#?RGBE\n')],
    ['hexadecimal', text('ffd8ffe000104a46494600010100000100010000')],
    ['Photoshop', latin1('8BPS\0\x01')],
    ['PDF', latin1('%PDF-1.7\n')],
    ['PDF', latin1('\n\njunk before %PDF-1.4\n')],
    ['MP4 or QuickTime', ftyp('isom', 'isom', 'mp42')],
    ['MP4 or QuickTime', ftyp('qt  ')],
    ['MP4 or QuickTime', latin1('\0\0\x10\0moov')],
    ['WebM or Matroska', latin1('\x1a\x45\xdf\xa3')],
    ['AVI', latin1('RIFF\x10\0\0\0AVI LIST')],
    ['WAV', latin1('RIFF\x10\0\0\0WAVEfmt ')],
    ['MP3', latin1('ID3\x04')],
    ['MP3', latin1('\xff\xfb\x90')],
    ['ZIP', latin1('PK\x03\x04')],
    ['gzip', latin1('\x1f\x8b\x08')],
    ['7-Zip', latin1('7z\xbc\xaf\x27\x1c')],
    ['AppleDouble', latin1('\0\x05\x16\x07\0\x02\0\0')],
    ['PNG whose signature is damaged', latin1('\x89PNG\n\x1a\n')],
    ['empty file', new Uint8Array(0)],
    ['nothing but zero bytes', new Uint8Array(5000)],
    [
      'SVG',
      text(
        '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg">',
      ),
    ],
    ['SVG', text('<svg width="10">')],
    ['HTML', text('<!DOCTYPE html><html lang="en">')],
    ['HTML', text('\ufeff<!-- hello -->\n<html>')],
    ['XML error', text('<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>')],
    ['XML', text('<?xml version="1.0"?><note/>')],
    ['JSON', text('{"error": "not found"}')],
    ['JSON', text('[{"a": 1}]')],
    ['Git LFS', text('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n')],
    ['data: URL', text('data:image/png;base64,iVBORw0KGgo=')],
    ['Base64', text('/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgF')],
    ['Netpbm', text('P3\n# made by hand\n1 1\n255\n1 2 3')],
    ['plain text', text('a brown dog runs through the grass')],
    ['plain text', text('日本語のテキスト')],
    ['plain text', Uint8Array.of(0xff, 0xfe, 0x41, 0, 0x42, 0)],
    ['unknown kind', Uint8Array.of(9, 200, 1, 0, 77, 255, 3)],
  ];
  it.each(named)('%s (%#)', (name, bytes) => {
    expect(refusal(bytes)).toContain(name);
  });

  it.each(['jpeg', 'png', 'gif', 'webp'] as const)(
    'a %s that a program read as text, with a hint',
    async (format) => {
      const { data: busy } = noise(40, 30, 3);
      const file = await sharp(busy, { raw: { width: 40, height: 30, channels: 3 } })
        .toFormat(format)
        .toBuffer();
      const name = format === 'webp' ? 'a WebP' : `a ${format.toUpperCase()}`;
      const asUtf8 = Buffer.from(file.toString('utf8'));
      expect(asUtf8.includes('\ufffd')).toBe(true);
      expect(refusal(asUtf8)).toMatch(new RegExp(`This is ${name} that a program read as text`));
      expect(refusal(asUtf8)).toContain('as binary');
    },
  );

  it.each(['jpeg', 'png'] as const)('a %s whose bytes became characters', async (format) => {
    const file = await picture().toFormat(format).toBuffer();
    const encoded = Buffer.from(file.toString('latin1'));
    expect(refusal(encoded)).toContain(`a ${format.toUpperCase()} that a program read as text`);
  });

  it('says which bytes it saw of something unknown', () => {
    expect(refusal(Uint8Array.of(0xde, 0xad, 0xbe, 0xef))).toContain('de ad be ef');
  });

  it('says what to do, and what can be read', () => {
    expect(refusal(ftyp('heic'))).toMatch(/JPEG, PNG, WebP and GIF.*magick photo\.heic photo\.jpg/);
    expect(refusal(text('version https://git-lfs.github.com/spec/v1\n'))).toContain('git lfs pull');
    expect(refusal(latin1('\x1a\x45\xdf\xa3'))).toContain('ffmpeg');
  });
});

it('knows something of any bytes, quickly', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const kind = sniff(bytes);
      if (!kind.format) expect(kind.name.length * kind.advice.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
  // What makes careless expressions run for ever.
  for (const part of ['<!---->', '<!-- -->', ' ', '<', '/9j/', '\n']) {
    const bytes = text(part.repeat(5000));
    expect(sniff(bytes).format).toBeUndefined();
  }
});

function refusal(bytes: Uint8Array): string {
  try {
    supportedFormat(bytes);
  } catch (error) {
    if (error instanceof CaptionError && error.code === 'UNSUPPORTED_FORMAT') return error.message;
    throw error;
  }
  throw new Error('was read');
}
