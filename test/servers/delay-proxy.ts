/**
 * A line to a far place: everything takes a while, and only so many bytes a second go each way, of all connections
 * together. A new connection costs a round trip, as its handshake would. For measuring; a machine that is busy adds to it.
 */
import { connect, createServer, type Socket } from "node:net";
import { type Listening, listen } from "./listen.js";

export interface DelayProxyOptions {
  /** Of the server on loopback. */
  readonly port: number;
  /** One way; a round trip takes twice that. */
  readonly latencyMs: number;
  /** Each way; any number without. */
  readonly bytesPerSecond?: number;
}

export interface DelayProxy extends Listening {
  readonly counts: { connections: number; up: number; down: number };
}

/** What is on its way in one direction of one connection, in bytes, before its sender is made to wait. */
const windowSize = 2 ** 22;

export async function startDelayProxy(options: DelayProxyOptions): Promise<DelayProxy> {
  const { port, latencyMs } = options;
  const counts = { connections: 0, up: 0, down: 0 };
  const [up, down] = [new Line(options), new Line(options)];
  const server = createServer({ allowHalfOpen: true }, (near) => {
    counts.connections++;
    const far = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => setTimeout(() => other.destroy(), latencyMs * 2));
      one.setNoDelay(true);
    }
    pipe(near, far, up, { before: latencyMs * 2, count: (length) => (counts.up += length) });
    pipe(far, near, down, { before: 0, count: (length) => (counts.down += length) });
  });
  return { ...(await listen(server)), counts };
}

/** One direction of the line, which all connections share. */
class Line {
  readonly #latencyMs: number;
  readonly #bytesPerMs: number;
  /** When it has taken in all that was given to it. */
  #freeAt = 0;

  constructor({ latencyMs, bytesPerSecond = Number.POSITIVE_INFINITY }: DelayProxyOptions) {
    this.#latencyMs = latencyMs;
    this.#bytesPerMs = bytesPerSecond / 1_000;
  }

  /** Milliseconds until so many bytes have arrived. */
  take(length: number): number {
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + length / this.#bytesPerMs;
    return this.#freeAt - now + this.#latencyMs;
  }
}

interface PipeOptions {
  /** Milliseconds before the first byte sets out. */
  readonly before: number;
  readonly count: (length: number) => void;
}

function pipe(from: Socket, to: Socket, line: Line, { before, count }: PipeOptions): void {
  const startAt = performance.now() + before;
  let pending = 0;
  /** Times that are computed one after the other can still end in another order. */
  const queue: (Buffer | undefined)[] = [];
  const deliver = () => {
    const bytes = queue.shift();
    if (bytes === undefined) {
      to.end();
      return;
    }
    to.write(bytes, () => {
      pending -= bytes.length;
      if (pending < windowSize && from.isPaused()) from.resume();
    });
  };
  const send = (bytes: Buffer | undefined) => {
    queue.push(bytes);
    const early = Math.max(0, startAt - performance.now());
    setTimeout(deliver, early + line.take(bytes?.length ?? 0));
  };
  from.on("data", (bytes: Buffer) => {
    count(bytes.length);
    pending += bytes.length;
    if (pending >= windowSize) from.pause();
    send(bytes);
  });
  from.on("end", () => send(undefined));
}
