/**
 * Copies contents: their chunks are read as they lie in the source's packs, window by window, and what they are of is cut
 * anew, file by file, in the order in which it was asked for.
 *
 *     chunks of a file, its holes, its end ──► window ──full──► read, by pack ──► cutter ──► chunks of the target,
 *                                                                                    of large files in all threads
 */
import { CorruptError } from "@bcat/errors";
import { DATA, TREE } from "@bcat/pack";
import type { Repository, WriteSession } from "@bcat/repository";
import type { ContentPieces } from "../backup/contents/content-pieces.js";
import { ContentsThreads } from "../backup/contents/contents-threads.js";
import { LARGE_SIZE } from "../backup/contents/file-storer.js";
import { poolMaker } from "../backup/contents/pool-maker.js";
import { ContentCutter } from "../content-cutter.js";
import { OrderedStream } from "../dump/ordered-stream.js";
import type { DumpItem, Window } from "../dump/window.js";
import { SparseFiles } from "../restore/sparse-files.js";
import { decodeContent } from "../tree/content.js";
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

/** A part of a content: data, or so many zeros. */
interface Piece extends DumpItem {
  readonly pending: PendingContent;
  /** Bytes of the content. */
  readonly size: number;
  /** The content begins with it, or ends. */
  readonly isFirst: boolean;
  isEnd: boolean;
  /** Zeros, in place of data. */
  readonly hole: number;
}

export interface CopiedContentsParts {
  readonly source: Repository;
  readonly session: WriteSession;
  readonly run: CopyRun;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class CopiedContents {
  readonly #source: Repository;
  readonly #run: CopyRun;
  readonly #cutter: ContentCutter;
  readonly #stream: OrderedStream<Piece>;
  readonly #zeros: SparseFiles;
  readonly #threads: ContentsThreads;
  /** Of the content at hand, when all threads store its chunks. */
  #pieces: ContentPieces | undefined;

  /** The index of the source is open. */
  constructor(parts: CopiedContentsParts) {
    const { source, session, run } = parts;
    this.#source = source;
    this.#run = run;
    this.#cutter = new ContentCutter(session);
    this.#stream = new OrderedStream<Piece>({ repository: source, write: (window) => this.#write(window) });
    this.#zeros = new SparseFiles({
      all: true,
      idHash: source.idHash[DATA],
      chunkLengthMax: source.chunker.maximum,
    });
    this.#threads = new ContentsThreads({
      chunks: session.chunks,
      storeTree: (bytes) => session.store(TREE, bytes),
      storeData: (bytes) => session.store(DATA, bytes),
      chunkSizeMax: session.repository.chunker.maximum,
      startFiles: undefined,
      createPool: poolMaker(session, parts),
    });
  }

  /** Has the content of a node, or of one of its attributes, copied: sooner or later it is done. */
  async copy(path: Uint8Array, node: Node, content: Content): Promise<PendingContent> {
    const pending: PendingContent = { isDone: false, content: undefined, failure: undefined };
    const pieces = new PieceMaker(this.#stream, { path, node, pending, size: contentSize(content) });
    const references = this.#run.untilFault(readChunkReferences(this.#source, content), (fault) => {
      pending.failure = fault;
    });
    for await (const chunks of references) {
      for (const chunk of chunks) {
        if (this.#zeros.isZeros(chunk)) pieces.hole(chunk.length);
        else await pieces.data(chunk);
      }
    }
    pieces.end();
    return pending;
  }

  /** Waits until all that was asked for is done. */
  async flush(): Promise<void> {
    await this.#stream.finish();
  }

  /** Waits until nothing is under way any more; errors no longer matter. */
  async close(): Promise<void> {
    await this.#stream.close();
    await this.#threads.close();
  }

  async #write(window: Window<Piece>): Promise<void> {
    for (const { item, start, end, isFirst, isLast } of window.spans) {
      const { pending } = item;
      pending.failure ??= item.failure;
      if (item.isFirst && isFirst) this.#start(item.size);
      this.#run.at(item);
      if (pending.failure === undefined) await this.#put(item, window.bytes.subarray(start, end));
      if (isLast && item.isEnd) await this.#finish(pending, item.size);
    }
  }

  /** Small contents are not waited for: to hand one over would be to wait for all threads after each. */
  #start(size: number): void {
    if (size < LARGE_SIZE) this.#pieces = undefined;
    else {
      this.#threads.count(0, size);
      this.#pieces = this.#threads.pieces;
    }
    this.#cutter.start(this.#pieces);
  }

  async #put({ hole }: Piece, bytes: Uint8Array): Promise<void> {
    for (const zeros of this.#cutter.hole(hole)) await this.#breathe(zeros);
    for (let start = 0; start < bytes.length; start += PUT_SIZE) {
      const piece = bytes.subarray(start, start + PUT_SIZE);
      this.#cutter.put(piece);
      await this.#breathe(piece.length);
    }
  }

  async #breathe(bytes: number): Promise<void> {
    this.#threads.take();
    await this.#run.bytes(bytes);
  }

  async #finish(pending: PendingContent, size: number): Promise<void> {
    if (pending.failure === undefined) {
      const content = await this.#finishContent();
      if (contentSize(content) === size) pending.content = content;
      else pending.failure = new CorruptError(`it has ${contentSize(content)} bytes, its folder says ${size}`);
    }
    pending.isDone = true;
  }

  async #finishContent(): Promise<Content> {
    const pieces = this.#pieces;
    if (pieces === undefined) return this.#cutter.finish();
    const inline = this.#cutter.finishSink();
    await pieces.finish();
    return decodeContent(pieces.builder.finish(inline).slice(), "a content that was cut");
  }
}

/** Puts one content into the stream: runs of chunks, and holes between them. */
class PieceMaker {
  readonly #stream: OrderedStream<Piece>;
  readonly #of: Pick<Piece, "path" | "node" | "pending" | "size">;
  #isFirst = true;
  #data: Piece | undefined;
  #hole = 0;

  constructor(stream: OrderedStream<Piece>, of: Pick<Piece, "path" | "node" | "pending" | "size">) {
    this.#stream = stream;
    this.#of = of;
  }

  data(chunk: { readonly id: Uint8Array; readonly length: number }): Promise<void> | undefined {
    if (this.#hole > 0) this.#endHole(false);
    if (this.#data === undefined) {
      this.#data = this.#piece(0, false);
      this.#stream.begin(this.#data);
    }
    return this.#stream.addChunk(chunk);
  }

  hole(length: number): void {
    if (this.#data !== undefined) this.#stream.end();
    this.#data = undefined;
    this.#hole += length;
  }

  /** Also of a content that could not be read to its end, or at all. */
  end(): void {
    if (this.#data === undefined) {
      this.#endHole(true);
      return;
    }
    this.#data.isEnd = true;
    this.#stream.end();
  }

  #endHole(isEnd: boolean): void {
    this.#stream.begin(this.#piece(this.#hole, isEnd));
    this.#stream.end();
    this.#hole = 0;
  }

  #piece(hole: number, isEnd: boolean): Piece {
    const { path, node, pending, size } = this.#of;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    return { path, node, pending, size, isFirst, isEnd, hole };
  }
}
