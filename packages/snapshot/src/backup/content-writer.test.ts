import { createCutter } from "@bcat/chunker";
import { type BlobKind, DATA } from "@bcat/pack";
import type { WriteSession } from "@bcat/repository";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ContentWriter } from "./content-writer.js";

const CHUNKER = { kind: "fixed", minimum: 64, average: 64, maximum: 64 } as const;

/** Stores nothing: ids are the bytes themselves, as far as they go. */
function createWriter(): ContentWriter {
  const store = (_: BlobKind, bytes: Uint8Array) =>
    Uint8Array.from({ length: 32 }, (_, i) => bytes[i % bytes.length]! + i);
  const session = { store } as unknown as WriteSession;
  const cutter = createCutter(CHUNKER, new Uint32Array(256));
  return new ContentWriter({ session, kind: DATA, cutter, minimum: CHUNKER.minimum });
}

function write(writer: ContentWriter, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    const { space } = writer;
    const piece = bytes.subarray(done, done + space.length);
    space.set(piece);
    writer.advance(piece.length);
    done += piece.length;
  }
}

test("a preview is the content of all that was written, and leaves the writer as it was", () => {
  const bytes = fc.uint8Array({ maxLength: 20_000, size: "max" });
  fc.assert(
    fc.property(bytes, bytes, bytes, (before, previewed, after) => {
      const writer = createWriter();
      write(writer, before);
      const preview = writer.preview(() => write(writer, previewed));
      write(writer, after);
      const content = writer.finish();
      const plain = createWriter();
      write(plain, Buffer.concat([before, previewed]));
      expect(preview).toEqual(plain.finish());
      write(plain, Buffer.concat([before, after]));
      expect(content).toEqual(plain.finish());
    }),
    { numRuns: 30 },
  );
});
