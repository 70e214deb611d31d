/**
 * Copies contents: their chunks are read as they lie in the source's packs, window by window, and what they are of is cut
 * anew, file by file, in the order in which it was asked for.
 *
 *     chunks of a file, its holes, its end ──► window ──full──► read, by pack ──► cutter ──► chunks of the target
 */
import { BcatError, CorruptError } from "@bcat/errors";
import { DATA } from "@bcat/pack";
import type { Repository, WriteSession } from "@bcat/repository";
import { ContentCutter } from "../content-cutter.js";
import { OrderedStream } from "../dump/ordered-stream.js";
import type { DumpItem, Window } from "../dump/window.js";
import { SparseFiles } from "../restore/sparse-files.js";
import { type Content, contentSize, type Node } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { CopyRun } from "./copy-run.js";

/** Bytes that are cut between two chances for others to run. */
const PUT_SIZE = 2 ** 20;

/** A content on its way: when it is done, it has either been copied or failed. */
export interface PendingContent {
  isDone: boolean;
  content: Content | undefined;
  failure: Error | undefined;
}

/** A part of a content in a window: data, so many zeros, or its end. */
interface Piece extends DumpItem {
  readonly pending: PendingContent;
  readonly isFirst: boolean;
  readonly hole: number;
  readonly endsWith: number | undefined;
}

export interface CopiedContentsParts {
  readonly source: Repository;
  readonly session: WriteSession;
  readonly run: CopyRun;
}

export class CopiedContents {
  readonly #source: Repository;
  readonly #run: CopyRun;
  readonly #cutter: ContentCutter;
  readonly #stream: OrderedStream<Piece>;
  readonly #zeros: SparseFiles;

  /** The index of the source is open. */
  constructor({ source, session, run }: CopiedContentsParts) {
    this.#source = source;
    this.#run = run;
    this.#cutter = new ContentCutter(session);
    this.#stream = new OrderedStream<Piece>({ repository: source, write: (window) => this.#write(window) });
    this.#zeros = new SparseFiles({
      all: true,
      idHash: source.idHash[DATA],
      chunkLengthMax: source.chunker.maximum,
    });
  }

  /** Has the content of a node, or of one of its attributes, copied: sooner or later it is done. */
  async copy(path: Uint8Array, node: Node, content: Content): Promise<PendingContent> {
    const pending: PendingContent = { isDone: false, content: undefined, failure: undefined };
    const pieces = new PieceMaker(this.#stream, { path, node, pending });
    try {
      for await (const chunks of readChunkReferences(this.#source, content)) {
        for (const chunk of chunks) {
          if (this.#zeros.isZeros(chunk)) pieces.hole(chunk.length);
          else await pieces.data(chunk);
        }
      }
    } catch (error) {
      if (!(error instanceof BcatError) || !(await this.#run.concernsEntry(error))) throw error;
      pending.failure = error;
    }
    pieces.end(contentSize(content));
    return pending;
  }

  /** Waits until all that was asked for is done. */
  async flush(): Promise<void> {
    await this.#stream.finish();
  }

  /** Waits until nothing is under way any more; errors no longer matter. */
  async close(): Promise<void> {
    await this.#stream.close();
  }

  async #write(window: Window<Piece>): Promise<void> {
    for (const { item, start, end, isFirst } of window.spans) {
      const { pending } = item;
      pending.failure ??= item.failure;
      if (item.isFirst && isFirst) this.#cutter.start();
      if (pending.failure === undefined) await this.#put(item, window.bytes.subarray(start, end));
      if (item.endsWith !== undefined) this.#finish(pending, item.endsWith);
    }
  }

  async #put({ hole }: Piece, bytes: Uint8Array): Promise<void> {
    for (const zeros of this.#cutter.hole(hole)) await this.#run.bytes(zeros);
    for (let start = 0; start < bytes.length; start += PUT_SIZE) {
      const piece = bytes.subarray(start, start + PUT_SIZE);
      this.#cutter.put(piece);
      await this.#run.bytes(piece.length);
    }
  }

  #finish(pending: PendingContent, size: number): void {
    pending.isDone = true;
    if (pending.failure !== undefined) return;
    const content = this.#cutter.finish();
    if (contentSize(content) === size) pending.content = content;
    else pending.failure = new CorruptError(`it has ${contentSize(content)} bytes, its folder says ${size}`);
  }
}

/** Puts one content into the stream: runs of chunks, holes between them, and its end. */
class PieceMaker {
  readonly #stream: OrderedStream<Piece>;
  readonly #of: Pick<Piece, "path" | "node" | "pending">;
  #isFirst = true;
  #isOpen = false;
  #hole = 0;

  constructor(stream: OrderedStream<Piece>, of: Pick<Piece, "path" | "node" | "pending">) {
    this.#stream = stream;
    this.#of = of;
  }

  data(chunk: { readonly id: Uint8Array; readonly length: number }): Promise<void> | undefined {
    if (this.#hole > 0) this.#endHole();
    if (!this.#isOpen) this.#stream.begin(this.#piece(0, undefined));
    this.#isOpen = true;
    return this.#stream.addChunk(chunk);
  }

  hole(length: number): void {
    this.#endData();
    this.#hole += length;
  }

  end(size: number): void {
    this.#endData();
    if (this.#hole > 0) this.#endHole();
    this.#whole(this.#piece(0, size));
  }

  #endData(): void {
    if (this.#isOpen) this.#stream.end();
    this.#isOpen = false;
  }

  #endHole(): void {
    this.#whole(this.#piece(this.#hole, undefined));
    this.#hole = 0;
  }

  #whole(piece: Piece): void {
    this.#stream.begin(piece);
    this.#stream.end();
  }

  #piece(hole: number, endsWith: number | undefined): Piece {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    return { ...this.#of, isFirst, hole, endsWith };
  }
}
