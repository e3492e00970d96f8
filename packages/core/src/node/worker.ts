import { parentPort } from 'node:worker_threads';
import { loadCaptioner } from '../captioner.js';
import type { Request } from '../pool/protocol.js';
import { serveCaptioner } from '../pool/serve.js';

/* A worker thread of Node: see pool/. */

const answer = serveCaptioner((message) => parentPort?.postMessage(message), loadCaptioner);
parentPort?.on('message', (request: Request) => void answer(request));
