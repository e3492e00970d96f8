import { expect, it } from 'vitest';
import { decodeWithSharp, encodeWithSharp } from '../../test/jpeg/decoders.js';
import { makePicture } from '../../test/jpeg/pictures.js';
import { seeded } from '../../test/jpeg/random.js';
import { distance } from '../../test/jpeg/reference.js';
import { openPhoto } from './platform.js';

it('a small JPEG is opened with the colours that other software shows', async () => {
  const picture = makePicture(seeded(5), 'edges', 60, 40);
  const file = await encodeWithSharp(picture, { quality: 95, chromaSubsampling: '4:2:0' });
  const opened = await openPhoto(file, {
    maxBytes: 1e6,
    maxPixels: 1e6,
    orientation: true,
    minimumSize: () => ({ width: 224, height: 224 }),
  });
  const expected = await decodeWithSharp(file);
  // 8 and more where colour is repeated.
  expect(distance(opened.data, expected.data).max).toBe(0);
});
