import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { otherEvents } from '../http/event-loop.js';
import { FairReading } from './fair-reading.js';

/** Requests that a client may send ahead on one connection; more are not read. */
const MOST_AHEAD = 4;
/** Milliseconds after a half-close at which it is tried whether anybody still listens. */
const PROBES = [0, 10, 50, 250, 1_000];
const PROBE_EVERY = 2_000;

/** A request that is not answered yet. */
interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly gone: AbortController;
  /** Fails the body, once it is read. */
  breakBody: (error: Error) => void;
  /** Why the body cannot be read to its end. */
  broken: Error | undefined;
}

/** A request whose turn has come. */
export interface Turn {
  /** Fires when the client has gone. */
  readonly gone: AbortSignal;
  /** True if the connection must be closed after the answer. */
  isLast(): boolean;
  /** @param act fails the body, should it turn out not to be HTTP */
  onBroken(act: (error: Error) => void): void;
}

const connections = new WeakMap<Socket, Connection>();

/**
 * What is under way on one connection. Its requests are answered one after the other: the next one
 * begins when the answer before it has left, so that a client that never reads holds one answer.
 */
export class Connection {
  readonly socket: Socket;
  readonly since = performance.now();
  /** True once the last answer was sent. */
  isClosing = false;
  readonly #exchanges = new Set<Exchange>();
  readonly #reading: FairReading | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isLast = false;
  #probe: NodeJS.Timeout | undefined;

  static of(socket: Socket): Connection {
    const known = connections.get(socket);
    if (known) return known;
    const connection = new Connection(socket);
    connections.set(socket, connection);
    return connection;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#reading = FairReading.of(socket);
    // Each of the requests listens for its end.
    socket.setMaxListeners(2 * MOST_AHEAD + 10);
    socket.once('close', () => {
      clearTimeout(this.#probe);
      for (const { gone } of this.#exchanges) gone.abort(new Error('The client disconnected.'));
    });
    socket.once('end', () => this.#isAnybodyThere(0));
  }

  /** Is its one request, which came whole, being worked on? Who sends more ahead may have to do so again. */
  get isWorking(): boolean {
    const [first, ...ahead] = this.#exchanges;
    return ahead.length === 0 && first?.incoming.complete === true;
  }

  /** Are there requests that wait for the answer to one before them to be read? */
  get sendsAhead(): boolean {
    return this.#exchanges.size > 1;
  }

  /**
   * Is this request one more than may be sent ahead? Then nothing more is read on the connection, which
   * is closed after the last answer. RFC 9112 section 9.3.2: a client sends again what it got no answer to.
   */
  get isFull(): boolean {
    if (this.#exchanges.size < MOST_AHEAD) return false;
    this.#isLast = true;
    // Node's parser would make objects of every request in what it was given, a hundred in 4 KiB. It has no
    // public way to be stopped; an error from its callback stops it.
    const { parser } = this.socket as Socket & { parser?: { onIncoming?: () => number } };
    if (parser?.onIncoming) parser.onIncoming = () => -1;
    this.stopReading();
    return true;
  }

  /** What the client still sends is not read as HTTP. */
  stopReading(): void {
    this.#reading?.stop();
  }

  /**
   * Waits until the answers before it have left.
   *
   * @returns undefined if the client has gone
   */
  async begin(incoming: IncomingMessage, outgoing: ServerResponse): Promise<Turn | undefined> {
    if (this.socket.destroyed) return undefined;
    const exchange: Exchange = {
      incoming,
      outgoing,
      gone: new AbortController(),
      breakBody: () => undefined,
      broken: undefined,
    };
    this.#exchanges.add(exchange);
    const left = new Promise<void>((resolve) => {
      const end = () => {
        this.#exchanges.delete(exchange);
        resolve();
      };
      outgoing.once('close', end);
      this.socket.once('close', end);
      outgoing.once('close', () => this.socket.off('close', end));
    });
    const before = this.#turn;
    const isFirst = this.#exchanges.size === 1;
    this.#turn = before.then(() => left);
    await before;
    // Other connections have their turn before the next request of this one.
    if (!isFirst) await otherEvents();
    if (this.socket.destroyed) return undefined;
    return {
      gone: exchange.gone.signal,
      isLast: () => this.#isLast && [...this.#exchanges].at(-1) === exchange,
      onBroken: (act) => {
        exchange.breakBody = act;
        if (exchange.broken) act(exchange.broken);
      },
    };
  }

  /**
   * What comes next on the connection is no HTTP. Requests that came whole are answered all the same.
   *
   * @returns false if there is no request to answer
   */
  breakOff(error: Error): boolean {
    this.#isLast = true;
    for (const exchange of this.#exchanges) {
      if (exchange.incoming.complete) continue;
      exchange.broken = error;
      exchange.breakBody(error);
    }
    return this.#exchanges.size > 0;
  }

  /**
   * The client sends no more. Did it close only its own half and waits for the answer, or did it
   * leave? That shows when something is sent: who has left has a system that refuses it. An interim
   * answer (RFC 9110 section 15.2) may be sent at any time, and every HTTP/1.1 client skips it.
   */
  #isAnybodyThere(probes: number): void {
    const [exchange] = this.#exchanges;
    if (!exchange || this.socket.destroyed) return;
    const { incoming, outgoing } = exchange;
    const isHttp11 = incoming.httpVersion === '1.1';
    if (isHttp11 && incoming.complete && outgoing.socket && !outgoing.headersSent) {
      outgoing.writeProcessing();
    }
    this.#probe = setTimeout(
      () => this.#isAnybodyThere(probes + 1),
      PROBES[probes + 1] ?? PROBE_EVERY,
    );
    this.#probe.unref();
  }
}
