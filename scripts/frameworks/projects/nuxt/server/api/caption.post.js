import { captionImage } from 'zipcaption';

export default defineEventHandler(async (event) => {
  const { text } = await captionImage(await readRawBody(event, false));
  return { text };
});
