import { extname } from 'node:path';

const READ = new Set(['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp', '.gif']);

/** Photos too, but of kinds that the library refuses: worth a word when a folder holds them. */
const NOT_READ = new Set([
  ...[
    '.heic',
    '.heif',
    '.hif',
    '.avif',
    '.jxl',
    '.jp2',
    '.tif',
    '.tiff',
    '.bmp',
    '.tga',
    '.ppm',
    '.pgm',
    '.pnm',
    '.svg',
  ],
  '.dng',
  '.cr2',
  '.cr3',
  '.nef',
  '.arw',
  '.raf',
  '.orf',
  '.rw2',
]);

/** What the end of a file's name promises. */
export function kindByName(path: string): 'photo' | 'unread photo' | 'other' {
  const extension = extname(path).toLowerCase();
  if (READ.has(extension)) return 'photo';
  return NOT_READ.has(extension) ? 'unread photo' : 'other';
}
