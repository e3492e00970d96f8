import type { Aws } from './aws.js';
import type { PackagedFunction } from './packaged-function.js';

export interface Queue {
  readonly url: string;
  readonly arn: string;
}

export interface PollerOptions {
  readonly aws: Aws;
  readonly queue: Queue;
  readonly function: PackagedFunction;
  /** Milliseconds that the function has for a batch. */
  readonly timeout: number;
  /** Called with each batch before it is handed over. */
  readonly onBatch?: (batch: number) => void;
}

interface Received {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: Readonly<Record<string, string>>;
}

/**
 * Does with a queue what Lambda's event source mapping does: receives up to ten messages, invokes the
 * function, deletes what it did not give back. What a crash or a timeout leaves comes again when its
 * visibility timeout ends.
 */
export class Poller {
  readonly #options: PollerOptions;
  #batches = 0;
  /** Invocations that ended without an answer. */
  crashes = 0;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  get batches(): number {
    return this.#batches;
  }

  /** Handles one batch; false if the queue had none. */
  async once(): Promise<boolean> {
    const { aws, queue, timeout, onBatch } = this.#options;
    const { Messages = [] } = (await oneAfterAnother(() =>
      aws.json('AmazonSQS.ReceiveMessage', {
        QueueUrl: queue.url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        AttributeNames: ['All'],
      }),
    )) as { Messages?: Received[] };
    if (Messages.length === 0) return false;
    onBatch?.(this.#batches++);
    const { result, error } = await this.#options.function.invoke(this.#event(Messages), timeout);
    if (error) {
      this.crashes++;
      return true;
    }
    const { batchItemFailures } = result as { batchItemFailures: { itemIdentifier: string }[] };
    const again = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const done = Messages.filter(({ MessageId }) => !again.has(MessageId));
    if (done.length > 0) {
      await oneAfterAnother(() =>
        aws.json('AmazonSQS.DeleteMessageBatch', {
          QueueUrl: queue.url,
          Entries: done.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
        }),
      );
    }
    return true;
  }

  #event(messages: readonly Received[]): object {
    return {
      Records: messages.map(({ MessageId, ReceiptHandle, Body, Attributes = {} }) => ({
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        body: Body,
        attributes: Attributes,
        messageAttributes: {},
        eventSource: 'aws:sqs',
        eventSourceARN: this.#options.queue.arn,
        awsRegion: 'eu-central-1',
      })),
    };
  }
}

let last: Promise<unknown> = Promise.resolve();
/** moto's queues lose messages by two calls at the same moment; whatever sends, receives or deletes takes its turn. */
export function oneAfterAnother<T>(call: () => Promise<T>): Promise<T> {
  const next = last.then(call, call);
  last = next.catch(() => undefined);
  return next;
}
