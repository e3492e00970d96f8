// curl --data-binary @photo.jpg http://127.0.0.1:3000/caption
import express from 'express';
import { CaptionError, loadCaptioner } from 'zipcaption';

// Captions are made on another thread: the server goes on answering.
const captioner = await loadCaptioner({ workers: 1 });
const app = express();

app.post('/caption', async (request, response) => {
  const controller = new AbortController();
  response.on('close', () => controller.abort());
  try {
    // The request is a stream of the photo's bytes; no more than maxBytes are read.
    const { text, confidence } = await captioner.caption(request, {
      maxBytes: 10_000_000,
      signal: controller.signal,
    });
    response.json({ text, confidence });
  } catch (error) {
    if (!(error instanceof CaptionError)) throw error;
    if (error.code !== 'ABORTED') {
      response
        .status(error.code === 'RUNTIME_FAILED' ? 500 : 400)
        .json({ code: error.code, message: error.message });
    }
  }
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/caption`);
});
