import { parentPort } from 'node:worker_threads';
import { loadPipeline } from '../load-pipeline.js';
import type { Request } from '../pool/protocol.js';
import { serveCaptioner } from '../pool/serve.js';

/* A worker thread of Node: see pool/. */

const answer = serveCaptioner((message) => parentPort?.postMessage(message), loadPipeline);
parentPort?.on('message', (request: Request) => void answer(request));
