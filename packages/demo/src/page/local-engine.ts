import { type Caption, CaptionFailure, type Engine } from '../caption.js';
import type { DownloadProgress, FromWorker, ToWorker } from '../worker/messages.js';

/** What becomes of the model, for the page to show. */
export interface LoadListener {
  progress(progress: DownloadProgress): void;
  /** All bytes are here; the runtime is being set up. */
  starting(): void;
  ready(info: Extract<FromWorker, { type: 'ready' }>): void;
  failed(message: string): void;
}

interface Call {
  readonly onWords: ((text: string) => void) | undefined;
  readonly resolve: (caption: Caption) => void;
  readonly reject: (reason: CaptionFailure) => void;
}

/** The model in this tab: a worker that has it. */
export class LocalEngine implements Engine {
  readonly #script: URL;
  #worker: Worker | undefined;
  readonly #calls = new Map<number, Call>();
  readonly #listener: LoadListener;
  #next = 1;

  /** @param script address of the worker's script */
  constructor(script: URL, listener: LoadListener) {
    this.#script = script;
    this.#listener = listener;
  }

  /** Begins to load the model, or does so again after a failure. */
  load(): void {
    this.#send({ type: 'load' });
  }

  caption(
    photo: Blob,
    request: Parameters<Engine['caption']>[1],
    onWords: ((text: string) => void) | undefined,
    signal: AbortSignal,
  ): Promise<Caption> {
    const id = this.#next++;
    return new Promise<Caption>((resolve, reject) => {
      if (signal.aborted) return reject(aborted());
      this.#calls.set(id, { onWords, resolve, reject });
      this.#send({ type: 'caption', id, photo, request, stream: onWords !== undefined });
      signal.addEventListener('abort', () => this.#cancel(id), { once: true });
    });
  }

  #send(message: ToWorker): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message);
  }

  #start(): Worker {
    const worker = startWorker(this.#script, 'captioner');
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message || 'the script could not be loaded');
    };
    return worker;
  }

  /** The visitor is not kept waiting for the worker's next pause. */
  #cancel(id: number): void {
    const call = this.#calls.get(id);
    if (!call) return;
    this.#send({ type: 'cancel', id });
    this.#calls.delete(id);
    call.reject(aborted());
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'progress':
        this.#listener.progress(message);
        break;
      case 'starting':
        this.#listener.starting();
        break;
      case 'ready':
        this.#listener.ready(message);
        break;
      case 'load-failed':
        this.#listener.failed(message.message);
        break;
      case 'words':
        this.#calls.get(message.id)?.onWords?.(message.text);
        break;
      case 'result':
        this.#calls.get(message.id)?.resolve(message.caption);
        this.#calls.delete(message.id);
        break;
      case 'failed':
        this.#calls.get(message.id)?.reject(new CaptionFailure(message.code, message.message));
        this.#calls.delete(message.id);
    }
  }

  /** The worker broke down; the next call starts another. */
  #fail(why: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const message = `The part of this page that runs the model did not start: ${why}. Reloading the page may help.`;
    this.#listener.failed(message);
    for (const call of this.#calls.values()) {
      call.reject(new CaptionFailure('RUNTIME_UNAVAILABLE', message));
    }
    this.#calls.clear();
  }
}

function aborted(): CaptionFailure {
  return new CaptionFailure('ABORTED', 'Cancelled.');
}

/**
 * A worker from a network address has the Content-Security-Policy that came in its own response's
 * headers, which a static host does not send: it could talk to anyone. One from a blob has the
 * policy of the page that made it (HTML standard, "initialize worker global scope's policy
 * container"), so the page's promise holds for the worker too.
 */
export function startWorker(script: URL, name: string): Worker {
  const source = new Blob([`import ${JSON.stringify(script.href)};`], { type: 'text/javascript' });
  const address = URL.createObjectURL(source);
  return new Worker(address, { type: 'module', name });
}
