/**
 * The chunks of a large file, in order, though several threads store them: this one cuts, and hands over what it has cut
 * in pieces; what nobody has room for it stores itself.
 */
import type { ContentBuilder } from "./content-builder.js";
import type { ContentsPool, Task } from "./contents-pool.js";

/** Bytes of chunks handed over at once, unless a single chunk has more. */
const PIECE_SIZE = 4 * 2 ** 20;
/** Bytes that V8 copies at once. */
const WORD = 8;
/** Pieces whose memory is kept for the next. */
const SPARES_MAX = 4;

/** Chunks that lie side by side in the file; their ids are there when it is done. */
interface Piece {
  readonly ids: Uint8Array[];
  readonly lengths: number[];
  /** How many times more the last of them is there, or of the piece before. */
  repeats: number;
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
  /** Of each chunk in {@link #open} where it begins and ends. */
  #places: number[] = [];

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
    this.#pieceSize = Math.max(PIECE_SIZE, parts.chunkSizeMax + WORD);
  }

  /** Takes the next chunk, copied or stored. */
  chunk(bytes: Uint8Array): void {
    if (this.#startOf(bytes) + bytes.length > this.#pieceSize) this.#handOver();
    if (this.#open === undefined && !this.#pool.hasRoom) {
      this.#storeHere(bytes);
      return;
    }
    this.#open ??= this.#spares.pop() ?? new Uint8Array(new SharedArrayBuffer(this.#pieceSize));
    const start = this.#startOf(bytes);
    this.#open.set(bytes, start);
    this.#length = start + bytes.length;
    this.#places.push(start, this.#length);
  }

  /**
   * Where a chunk goes: as many bytes behind a multiple of 8 as it lies now, for V8 copies to shared memory byte by byte
   * otherwise.
   */
  #startOf({ byteOffset }: Uint8Array): number {
    return Math.ceil(this.#length / WORD) * WORD + (byteOffset % WORD);
  }

  /** Takes the chunk before, so many times more. */
  repeat(times: number): void {
    this.#handOver();
    const piece = this.#begin();
    piece.repeats = times;
    this.#end(piece);
  }

  restart(): void {
    // What is under way goes on, to no purpose: its pieces belong to nobody.
    this.#pieces = [];
    this.builder.restart();
    this.#length = 0;
    this.#places = [];
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
    if (bytes === undefined || this.#places.length === 0) return;
    const places = Uint32Array.from(this.#places);
    this.#open = undefined;
    this.#length = 0;
    this.#places = [];
    if (this.#pool.hasRoom) this.#pool.start(this.#task(bytes, places));
    else this.#storeAllHere(bytes, places);
  }

  #storeAllHere(bytes: Uint8Array, places: Uint32Array): void {
    for (let i = 0; i < places.length; i += 2) this.#storeHere(bytes.subarray(places[i], places[i + 1]));
    this.#giveBack(bytes);
  }

  #task(bytes: Uint8Array, places: Uint32Array): Task {
    const piece = this.#begin();
    return {
      job: { kind: "chunks", bytes, places },
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
    const piece: Piece = { ids: [], lengths: [], repeats: 0, isDone: false };
    this.#pieces.push(piece);
    return piece;
  }

  /** Passes on the pieces that are done, up to the first that is not. */
  #end(piece: Piece): void {
    piece.isDone = true;
    let done = 0;
    for (; this.#pieces[done]?.isDone === true; done++) {
      const { ids, lengths, repeats } = this.#pieces[done]!;
      ids.forEach((id, i) => {
        this.builder.add(id, lengths[i]!);
      });
      this.builder.repeat(repeats);
    }
    this.#pieces.splice(0, done);
  }
}
