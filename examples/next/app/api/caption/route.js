import { CaptionError, captionImage } from 'zipcaption';

export async function POST(request) {
  try {
    const { text, confidence } = await captionImage(request, { signal: request.signal });
    return Response.json({ text, confidence });
  } catch (error) {
    if (!(error instanceof CaptionError)) throw error;
    return Response.json({ code: error.code, message: error.message }, { status: 400 });
  }
}
