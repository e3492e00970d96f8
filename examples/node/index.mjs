// node index.mjs photo.jpg …
import { loadCaptioner } from 'zipcaption';

const paths = process.argv.slice(2);
const captioner = await loadCaptioner({ workers: 2 });
for await (const { index, text, error } of captioner.captionAll(paths)) {
  console.log(`${paths[index]}\t${text ?? error.message}`);
}
await captioner.dispose();
