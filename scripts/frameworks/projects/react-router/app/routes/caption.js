import { captionImage } from 'zipcaption';

export async function action({ request }) {
  return Response.json({ text: (await captionImage(request)).text });
}
