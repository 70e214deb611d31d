/** Writes the scan stream of a root as its directories are finished (docs/format.md section 13). */
import { createCutter } from "@bcat/chunker";
import { ByteWriter } from "@bcat/codec";
import { TREE } from "@bcat/pack";
import { keptScanSizeMax, type WriteSession } from "@bcat/repository";
import type { Content } from "../tree/node.js";
import { ScanEncoder, type ScanRecord, scanEntryCountMax, scanPathLengthMax } from "../tree/scan.js";
import { ContentWriter } from "./content-writer.js";

/** As docs/format.md section 13 has it, whatever the repository's chunker. */
const SCAN_CHUNKER = { kind: "cdc", minimum: 32 * 1024, average: 64 * 1024, maximum: 256 * 1024 } as const;

/** Writes scan streams, one after another. */
export function scanContentWriter(session: WriteSession): ContentWriter {
  const cutter = createCutter(SCAN_CHUNKER, session.repository.gear());
  return new ContentWriter({ session, kind: TREE, cutter, minimum: SCAN_CHUNKER.minimum });
}

const NOTHING = new Uint8Array(0);

export class ScanWriter {
  readonly #writer: ContentWriter;
  readonly #encoder = new ScanEncoder();
  /** True when the last record was that of the root: a stream ends with it. */
  isWhole = false;
  #copy: ByteWriter | undefined = new ByteWriter(256);

  constructor(writer: ContentWriter) {
    this.#writer = writer;
  }

  append(record: ScanRecord): void {
    const bytes = encode(this.#encoder, record);
    if (bytes === undefined) return;
    this.isWhole = record.path.length === 0;
    this.#keep(bytes);
    this.#write(bytes);
  }

  /** The content the stream would have if `records` were the last ones; it then goes on without them. */
  preview(records: Iterable<ScanRecord>): Content {
    const encoder = this.#encoder.fork();
    return this.#writer.preview(() => {
      for (const record of records) this.#write(encode(encoder, record) ?? NOTHING);
    });
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const space = this.#writer.space;
      const piece = bytes.subarray(done, done + space.length);
      space.set(piece);
      this.#writer.advance(piece.length);
      done += piece.length;
    }
  }

  /** The content of the stream, and the stream itself unless it is too long to be kept. */
  finish(): { content: Content; stream: Uint8Array | undefined } {
    return { content: this.#writer.finish(), stream: this.#copy?.finish() };
  }

  #keep(bytes: Uint8Array): void {
    if ((this.#copy?.length ?? 0) + bytes.length > keptScanSizeMax) this.#copy = undefined;
    this.#copy?.raw(bytes);
  }
}

/** Nothing beyond what a record can hold: the directory is walked as if it were new the next time. */
function encode(encoder: ScanEncoder, record: ScanRecord): Uint8Array | undefined {
  if (record.entryCount > scanEntryCountMax || record.path.length > scanPathLengthMax) return undefined;
  return encoder.append(record);
}
