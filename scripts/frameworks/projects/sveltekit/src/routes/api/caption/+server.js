import { json } from '@sveltejs/kit';
import { captionImage } from 'zipcaption';

export async function POST({ request }) {
  return json({ text: (await captionImage(request)).text });
}
