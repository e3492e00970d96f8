import { loadPipeline } from '../load-pipeline.js';
import type { Answer, Request } from '../pool/protocol.js';
import { serveCaptioner } from '../pool/serve.js';

/* A Web Worker: see pool/. */

const answer = serveCaptioner((message: Answer) => postMessage(message), loadPipeline);
addEventListener('message', ({ data }: MessageEvent<Request>) => void answer(data));
