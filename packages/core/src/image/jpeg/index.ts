export { decodeJpeg } from './decoder.js';
export { readJpegHeader } from './header.js';
