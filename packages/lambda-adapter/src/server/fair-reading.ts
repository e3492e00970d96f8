import { Socket } from 'node:net';

/** Bytes that are parsed in one go: about a millisecond for the costliest, a body in chunks of one byte. */
const PIECE = 4 * 1024;
/** Milliseconds that all connections together may parse before other events have their turn. */
const PORTION = 10;

/** Connections with bytes to parse; one piece each, in turns. */
const waiting: FairReading[] = [];
let began = 0;
let isCounting = false;

function hasTime(): boolean {
  if (!isCounting) {
    isCounting = true;
    began = performance.now();
    setImmediate(nextRound);
  }
  return performance.now() - began < PORTION;
}

function nextRound(): void {
  isCounting = false;
  while (waiting.length > 0 && hasTime()) waiting.shift()?.takeTurn();
}

/**
 * Hands what a client sends to Node's HTTP parser in pieces. Node itself reads 64 KiB of each connection
 * and parses all of it before it looks at anything else: many connections with thousands of headers, requests
 * or chunks in them would hold up everybody.
 */
export class FairReading {
  readonly #socket: Socket;
  readonly #parse: (data: Buffer) => void;
  readonly #ends: readonly (() => void)[];
  readonly #onData = (data: Buffer) => this.#take(data);
  readonly #onEnd = () => {
    this.#hasEnded = true;
    // Node does not resume a socket that has ended: what is left, one read at most, goes to the body at once.
    this.#isHeld = false;
    this.#goOn();
    this.#endIfParsed();
  };
  #left: Buffer | undefined;
  /** True when the client has closed its half and Node, whose parser has not had everything, does not know it. */
  #hasEnded = false;
  /** True while Node accepts no more data. */
  #isHeld = false;
  #isWaiting = false;
  #isStopped = false;

  /** @param socket as Node's HTTP server has just set it up */
  static of(socket: Socket): FairReading | undefined {
    const [parse, ...others] = socket.listeners('data');
    // Where it is set up in another way it is left alone.
    if (!parse || others.length > 0) return undefined;
    return new FairReading(socket, parse as (data: Buffer) => void);
  }

  private constructor(socket: Socket, parse: (data: Buffer) => void) {
    this.#socket = socket;
    this.#parse = parse;
    socket.removeListener('data', parse);
    socket.on('data', this.#onData);
    this.#ends = socket.listeners('end') as (() => void)[];
    for (const end of this.#ends) socket.removeListener('end', end);
    socket.on('end', this.#onEnd);
    // Called by Node's HTTP server, when a body is not read as fast as it comes and when it is.
    socket.pause = () => {
      this.#isHeld = !this.#hasEnded;
      return pause(socket);
    };
    socket.resume = () => {
      this.#isHeld = false;
      if (this.#left) this.#wait();
      else resume(socket);
      return socket;
    };
  }

  /** Parses nothing more. The socket is left paused, with its own methods. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#left = undefined;
    this.#socket.removeListener('data', this.#onData).removeListener('end', this.#onEnd);
    Reflect.deleteProperty(this.#socket, 'pause');
    Reflect.deleteProperty(this.#socket, 'resume');
    pause(this.#socket);
  }

  takeTurn(): void {
    this.#isWaiting = false;
    if (!this.#left) return;
    this.#parsePiece();
    this.#goOn();
  }

  #take(data: Buffer): void {
    this.#left = this.#left ? Buffer.concat([this.#left, data]) : data;
    while (this.#left && !this.#isHeld && waiting.length === 0 && hasTime()) this.#parsePiece();
    if (this.#left) pause(this.#socket);
    this.#goOn();
  }

  #endIfParsed(): void {
    if (!this.#hasEnded || this.#left || this.#isStopped) return;
    this.#hasEnded = false;
    for (const end of this.#ends) end.call(this.#socket);
  }

  #goOn(): void {
    if (this.#isHeld || this.#isStopped) return;
    if (this.#left) this.#wait();
    else if (this.#socket.isPaused()) resume(this.#socket);
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    waiting.push(this);
    hasTime();
  }

  #parsePiece(): void {
    const left = this.#left;
    if (!left || this.#isHeld) return;
    this.#left = left.length > PIECE ? left.subarray(PIECE) : undefined;
    if (!this.#socket.destroyed) this.#parse(left.subarray(0, PIECE));
    this.#endIfParsed();
  }
}

/** The socket's own methods, without what was put in their place. */
function pause(socket: Socket): Socket {
  return Socket.prototype.pause.call(socket);
}

function resume(socket: Socket): Socket {
  return Socket.prototype.resume.call(socket);
}
