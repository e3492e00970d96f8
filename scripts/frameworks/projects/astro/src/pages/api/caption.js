import { captionImage } from 'zipcaption';

export const prerender = false;

export async function POST({ request }) {
  return Response.json({ text: (await captionImage(request)).text });
}
