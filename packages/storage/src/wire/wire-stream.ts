/**
 * A connection that is made elsewhere, with limits on what passes. HTTP takes it for a socket: it starts at once, also
 * when a proxy has to be asked first, because Node counts connections by the streams that it was given.
 *
 * At most one slice each way is held here; what a socket has delivered beyond that waits in the piece it came in, at most
 * 64 KiB, and the socket is paused.
 */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Throttle } from "./throttle.js";

/** Undefined: without limit. */
export interface WireLimits {
  readonly upload?: Throttle | undefined;
  readonly download?: Throttle | undefined;
}

type Done = (error?: Error | null) => void;

export class WireStream extends Duplex {
  readonly #limits: WireLimits;
  /** Its own timeouts are those of this stream. */
  readonly #connected: Promise<Socket>;
  #socket: Socket | undefined;
  /** Pieces that came from the socket and wait for the limit or a reader. */
  #arrived: Promise<void> = Promise.resolve();
  #wantsMore: (() => void) | undefined;
  /** Milliseconds without a byte; zero is any number. Not counted while a limit makes the stream wait. */
  #timeoutMs = 0;
  #waits = 0;

  constructor(connected: Promise<Socket>, limits: WireLimits) {
    // As a socket by default: when the other side has ended, this one does.
    super({ allowHalfOpen: false });
    this.#limits = limits;
    this.#connected = connected;
    connected.then(
      (socket) => this.#use(socket),
      (error: Error) => this.destroy(error),
    );
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send(bytes).then(() => done(), done);
  }

  override _final(done: Done): void {
    this.#connected.then((socket) => socket.end(() => done()), done);
  }

  override _read(): void {
    this.#wantsMore?.();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#wantsMore?.();
    this.#connected.then(
      (socket) => socket.destroy(),
      () => undefined,
    );
    done(error);
  }

  setTimeout(milliseconds: number, onTimeout?: () => void): this {
    this.#timeoutMs = milliseconds;
    if (onTimeout !== undefined && milliseconds === 0) this.removeListener("timeout", onTimeout);
    else if (onTimeout !== undefined) this.once("timeout", onTimeout);
    this.#restartTimeout();
    return this;
  }

  setNoDelay(on?: boolean): this {
    this.#socket?.setNoDelay(on);
    return this;
  }

  setKeepAlive(on?: boolean, initialDelay?: number): this {
    this.#socket?.setKeepAlive(on, initialDelay);
    return this;
  }

  ref(): this {
    this.#socket?.ref();
    return this;
  }

  unref(): this {
    this.#socket?.unref();
    return this;
  }

  #use(socket: Socket): void {
    this.#socket = socket;
    if (this.destroyed) {
      socket.destroy();
      return;
    }
    socket.on("data", (bytes: Buffer) => {
      socket.pause();
      this.#arrived = this.#arrived
        .then(() => this.#receive(bytes))
        .then(
          () => void socket.resume(),
          (error: Error) => void this.destroy(error),
        );
    });
    socket.on("end", () => {
      this.#arrived = this.#arrived.then(() => void this.push(null));
    });
    socket.on("error", (error) => this.destroy(error));
    // After its end, what was pushed is still to be read.
    socket.on("close", () => {
      if (!socket.readableEnded) this.destroy();
    });
    socket.on("timeout", () => this.emit("timeout"));
    this.#restartTimeout();
  }

  async #send(bytes: Buffer): Promise<void> {
    const socket = await this.#connected;
    const { upload } = this.#limits;
    for (let offset = 0; offset < bytes.length; ) {
      const slice = bytes.subarray(offset, offset + (upload?.sliceSize ?? bytes.length));
      if (upload !== undefined) await this.#waiting(upload.pass(slice.length));
      await new Promise<void>((resolve, reject) => {
        socket.write(slice, (error) => (error ? reject(error) : resolve()));
      });
      offset += slice.length;
    }
  }

  async #receive(bytes: Buffer): Promise<void> {
    const { download } = this.#limits;
    for (let offset = 0; offset < bytes.length && !this.destroyed; ) {
      const slice = bytes.subarray(offset, offset + (download?.sliceSize ?? bytes.length));
      if (download !== undefined) await this.#waiting(download.pass(slice.length));
      offset += slice.length;
      if (this.destroyed || this.push(slice)) continue;
      await this.#waiting(
        new Promise<void>((resolve) => {
          this.#wantsMore = resolve;
        }),
      );
      this.#wantsMore = undefined;
    }
  }

  async #waiting(done: Promise<void>): Promise<void> {
    this.#waits++;
    this.#socket?.setTimeout(0);
    try {
      await done;
    } finally {
      this.#waits--;
      this.#restartTimeout();
    }
  }

  #restartTimeout(): void {
    if (this.#waits === 0) this.#socket?.setTimeout(this.#timeoutMs);
  }
}
