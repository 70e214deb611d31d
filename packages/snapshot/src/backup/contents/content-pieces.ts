/**
 * The chunks of a large file, in order, though several threads store them: this one cuts, and hands over what it has cut
 * in pieces; what nobody has room for it stores itself.
 */
import type { ContentBuilder } from "./content-builder.js";
import type { ContentsPool, Task } from "./contents-pool.js";

/** Bytes of chunks handed over at once, unless a single chunk has more. */
const PIECE_SIZE = 4 * 2 ** 20;
/** Pieces whose memory is kept for the next. */
const SPARES_MAX = 4;

/** Chunks that lie side by side in the file; their ids are there when it is done. */
interface Piece {
  readonly ids: Uint8Array[];
  readonly lengths: number[];
  isDone: boolean;
}

export class ContentPieces {
  /** Of its own: pieces of a file that failed may come in while another is read. */
  readonly builder: ContentBuilder;
  readonly #pool: ContentsPool;
  readonly #store: (bytes: Uint8Array) => Uint8Array;
  readonly #addGroup: (bytes: Uint8Array) => void;
  readonly #pieceSize: number;
  readonly #spares: Uint8Array[] = [];
  #pieces: Piece[] = [];
  #open: Uint8Array | undefined;
  #length = 0;
  #ends: number[] = [];

  constructor(
    pool: ContentsPool,
    parts: {
      builder: ContentBuilder;
      store: (bytes: Uint8Array) => Uint8Array;
      addGroup: (bytes: Uint8Array) => void;
      chunkSizeMax: number;
    },
  ) {
    this.#pool = pool;
    this.builder = parts.builder;
    this.#store = parts.store;
    this.#addGroup = parts.addGroup;
    this.#pieceSize = Math.max(PIECE_SIZE, parts.chunkSizeMax);
  }

  /** Takes the next chunk, copied or stored. */
  chunk(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#pieceSize) this.#handOver();
    if (this.#open === undefined && !this.#pool.hasRoom) {
      this.#storeHere(bytes);
      return;
    }
    this.#open ??= this.#spares.pop() ?? new Uint8Array(new SharedArrayBuffer(this.#pieceSize));
    this.#open.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#ends.push(this.#length);
  }

  restart(): void {
    // What is under way goes on, to no purpose: its pieces belong to nobody.
    this.#pieces = [];
    this.builder.restart();
    this.#length = 0;
    this.#ends = [];
  }

  /** Waits until all pieces are stored: the builder then has all chunks. */
  async finish(): Promise<void> {
    this.#handOver();
    while (this.#pieces.length > 0) await this.#pool.wait();
  }

  #storeHere(bytes: Uint8Array): void {
    // Who waits for its slabs to be taken in does nothing meanwhile.
    this.#pool.take();
    const piece = this.#begin();
    piece.ids.push(this.#store(bytes).slice());
    piece.lengths.push(bytes.length);
    this.#end(piece);
  }

  #handOver(): void {
    const bytes = this.#open;
    if (bytes === undefined || this.#ends.length === 0) return;
    const ends = Uint32Array.from(this.#ends);
    this.#open = undefined;
    this.#length = 0;
    this.#ends = [];
    if (this.#pool.hasRoom) this.#pool.start(this.#task(bytes, ends));
    else this.#storeAllHere(bytes, ends);
  }

  #storeAllHere(bytes: Uint8Array, ends: Uint32Array): void {
    let start = 0;
    for (const end of ends) {
      this.#storeHere(bytes.subarray(start, end));
      start = end;
    }
    this.#giveBack(bytes);
  }

  #task(bytes: Uint8Array, ends: Uint32Array): Task {
    const piece = this.#begin();
    return {
      job: { kind: "chunks", bytes, ends },
      group: this.#addGroup,
      chunk(id, length) {
        piece.ids.push(id.slice());
        piece.lengths.push(length);
      },
      restart() {},
      file() {},
      fault() {},
      end: () => {
        this.#giveBack(bytes);
        this.#end(piece);
      },
    };
  }

  #giveBack(bytes: Uint8Array): void {
    if (this.#spares.length < SPARES_MAX) this.#spares.push(bytes);
  }

  #begin(): Piece {
    const piece: Piece = { ids: [], lengths: [], isDone: false };
    this.#pieces.push(piece);
    return piece;
  }

  /** Passes on the pieces that are done, up to the first that is not. */
  #end(piece: Piece): void {
    piece.isDone = true;
    let done = 0;
    for (; this.#pieces[done]?.isDone === true; done++) {
      const { ids, lengths } = this.#pieces[done]!;
      ids.forEach((id, i) => {
        this.builder.add(id, lengths[i]!);
      });
    }
    this.#pieces.splice(0, done);
  }
}
