/** Least time between two drawings of the status line. */
const REDRAW_MS = 80;

/**
 * Standard output for captions, standard error for everything else, and one status line at the
 * bottom of a terminal that steps aside for both.
 */
export class Terminal {
  /** True if there is a terminal for a status line. */
  readonly live: boolean;
  readonly colour: boolean;
  #status = '';
  #drawnAt = 0;
  #closed = false;
  #broken = false;
  #printed = false;

  /** @param onClosed called once when the reader of stdout has closed it (`| head`) */
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
      if (this.#broken) this.note(`zipcaption: cannot write the output: ${error.message}`);
      onClosed();
    });
    // Errors of stderr itself cannot be reported.
    stderr.on('error', () => undefined);
  }

  /** True if writing to stdout failed for a reason other than EPIPE. */
  get broken(): boolean {
    return this.#broken;
  }

  /** True once anything was written to stdout. */
  get printed(): boolean {
    return this.#printed;
  }

  get columns(): number {
    return this.stderr.columns || 80;
  }

  /** Writes to stdout and waits until the text is written. */
  async print(text: string): Promise<void> {
    if (text === '' || this.#closed) return;
    this.#printed = true;
    this.#erase();
    await written(this.stdout, text);
    this.#draw();
  }

  /** Writes a line to stderr. */
  async note(line: string): Promise<void> {
    this.#erase();
    await written(this.stderr, `${line}\n`);
    this.#draw();
  }

  /** Shows a status line until the next call; an empty line clears it. Does nothing without a terminal. */
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
    // The stream's error listener handles errors; the caller only waits for the write to end.
    stream.write(text, () => resolve());
  });
}
