/** Least time between two drawings of the status line. */
const REDRAW_MS = 80;

/**
 * Standard output for captions, standard error for everything else, and one status line at the
 * bottom of a terminal that steps aside for both.
 */
export class Terminal {
  /** Is there a terminal to draw a status line on? */
  readonly live: boolean;
  readonly colour: boolean;
  #status = '';
  #drawnAt = 0;
  #closed = false;
  #broken = false;
  #printed = false;

  /** @param onClosed called once when whoever reads standard output has gone (`| head`) */
  constructor(
    onClosed: () => void,
    private readonly stdout: NodeJS.WriteStream = process.stdout,
    private readonly stderr: NodeJS.WriteStream = process.stderr,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.live = stderr.isTTY === true && env.TERM !== 'dumb';
    // https://no-color.org: set and not empty.
    this.colour = this.live && !env.NO_COLOR;
    stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#closed) return;
      this.#closed = true;
      this.#broken = error.code !== 'EPIPE';
      if (this.#broken) this.note(`zipcaption: the output cannot be written: ${error.message}`);
      onClosed();
    });
    // Where to complain about a standard error that is gone?
    stderr.on('error', () => undefined);
  }

  /** Could standard output not be written, for another reason than that nobody reads it? */
  get broken(): boolean {
    return this.#broken;
  }

  /** Has anything gone to standard output? */
  get printed(): boolean {
    return this.#printed;
  }

  get columns(): number {
    return this.stderr.columns || 80;
  }

  /** Writes to standard output, and waits until it has taken it. */
  async print(text: string): Promise<void> {
    if (text === '' || this.#closed) return;
    this.#printed = true;
    this.#erase();
    await written(this.stdout, text);
    this.#draw();
  }

  /** Writes a line to standard error. */
  async note(line: string): Promise<void> {
    this.#erase();
    await written(this.stderr, `${line}\n`);
    this.#draw();
  }

  /** Shows a line until another takes its place; an empty one clears it. Nothing without a terminal. */
  status(line: string): void {
    if (!this.live) return;
    const now = performance.now();
    const soon = line !== '' && this.#status !== '' && now - this.#drawnAt < REDRAW_MS;
    if (soon) {
      this.#status = line;
      return;
    }
    this.#erase();
    this.#status = line;
    this.#draw();
    this.#drawnAt = now;
  }

  #erase(): void {
    if (this.#status !== '') this.stderr.write('\r\x1b[2K');
  }

  #draw(): void {
    if (this.#status !== '') this.stderr.write(this.#status);
  }
}

function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    // An error is told to the stream's listener; whoever waits only has to go on.
    stream.write(text, () => resolve());
  });
}
