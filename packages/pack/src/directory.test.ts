import { CorruptError, isBcatError } from "@bcat/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DATA, TREE } from "./blob-kind.js";
import { CHUNKS_MAX, type ChunkTable, type Directory, decodeDirectory, encodeDirectory } from "./directory.js";
import { FRAMES_MAX } from "./tables.js";
import { forEachFlip, frameTables } from "./test-tables.js";

const frame = { codec: 0, key: 0, salt: new Uint8Array(16).fill(1) };
const frames = [
  { ...frame, storedOffset: 0, storedLength: 116, plainOffset: 0, plainLength: 100 },
  { ...frame, codec: 1, storedOffset: 116, storedLength: 50, plainOffset: 100, plainLength: 200 },
];
const keys = [{ kind: 1, epoch: 4, domain: 5, encapsulation: new Uint8Array(32).fill(2) }];

function create(chunks: readonly (readonly [number, number])[]): Directory {
  return {
    kind: DATA,
    epoch: 6,
    domain: 7,
    keys,
    frames,
    chunks: {
      count: chunks.length,
      ids: Uint8Array.from({ length: chunks.length * 16 }, (_, i) => i),
      offsets: Uint32Array.from(chunks, ([offset]) => offset),
      lengths: Uint32Array.from(chunks, ([, length]) => length),
    },
  };
}

const pack = { object: "packs/00", epoch: 6, domain: 7, directoryOffset: 166 };
const decode = (directory: Directory) => decodeDirectory(encodeDirectory(directory), pack);

/** `body` with the bytes at `offset` replaced. */
function patched(offset: number, ...bytes: number[]): Uint8Array {
  const body = encodeDirectory(create([[0, 300]]));
  body.set(bytes, offset);
  return body;
}

test("decodeDirectory() gives what encodeDirectory() was given, gaps and all", () => {
  for (const chunks of [
    [],
    [[0, 300]],
    [
      [0, 10],
      [20, 80],
      [100, 200],
    ],
  ] as const) {
    const directory = create(chunks);
    expect(decode(directory)).toEqual(directory);
  }
});

test("decodeDirectory() refuses chunks that overlap, are empty, or lie behind the stream", () => {
  expect(() => decode(create([[0, 301]]))).toThrow(/stream of 300/);
  expect(() => decode(create([[300, 1]]))).toThrow(/stream of 300/);
  expect(() => decode(create([[0, 0]]))).toThrow(/with 0 bytes/);
  expect(() =>
    decode(
      create([
        [0, 11],
        [10, 5],
      ]),
    ),
  ).toThrow(/after 11/);
  expect(() => decode(create([[4_294_967_295, 4_294_967_295]]))).toThrow(/stream of 300/);
});

test("decodeDirectory() refuses frames that do not add up to where the directory begins", () => {
  const body = encodeDirectory(create([]));
  expect(() => decodeDirectory(body, { ...pack, directoryOffset: 165 })).toThrow(/frames of 166 bytes/);
});

test("decodeDirectory() refuses counts above their limits before it takes memory", () => {
  const counts = (at: number, value: number) => {
    const body = encodeDirectory(create([]));
    new DataView(body.buffer).setUint32(at, value, true);
    return body;
  };
  expect(() => decodeDirectory(counts(4, FRAMES_MAX + 1), pack)).toThrow(/65536 frames/);
  expect(() => decodeDirectory(counts(8, CHUNKS_MAX + 1), pack)).toThrow(/131073 chunks/);
  expect(() => decodeDirectory(counts(8, CHUNKS_MAX), pack)).toThrow(/directory of/);
});

test("decodeDirectory() tells what is newer from what is damaged", () => {
  expect(() => decodeDirectory(patched(0, 2), pack)).toThrow(expect.objectContaining({ code: "newer-format" }));
  expect(() => decodeDirectory(patched(12, 2), pack)).toThrow(expect.objectContaining({ code: "newer-format" }));
  expect(() => decodeDirectory(patched(12 + 44 + 2, 2), pack)).toThrow(
    expect.objectContaining({ code: "newer-format" }),
  );
  expect(() => decodeDirectory(patched(1, 3), pack)).toThrow(expect.objectContaining({ code: "corrupt" }));
  expect(() => decodeDirectory(patched(13, 1), pack)).toThrow(/not zero/);
  expect(() => decodeDirectory(patched(12 + 44, 1, 0), pack)).toThrow(/names key 1 of 1/);
  expect(() => decodeDirectory(patched(12 + 44 + 20, 115), pack)).toThrow(/stored in 115/);
});

/** Chunks that lie in a stream of `size` bytes: each some bytes behind the one before. */
function chunkTable(size: number): fc.Arbitrary<ChunkTable> {
  const small = fc.integer({ min: 0, max: Math.ceil(size / 4) });
  const chunk = fc.record({ gap: small, length: small, id: fc.uint8Array({ minLength: 16, maxLength: 16 }) });
  return fc.array(chunk, { maxLength: 5 }).map((wanted) => {
    const chunks: { id: Uint8Array; offset: number; length: number }[] = [];
    let end = 0;
    for (const { id, gap, length } of wanted) {
      if (length === 0 || end + gap + length > size) continue;
      chunks.push({ id, offset: end + gap, length });
      end += gap + length;
    }
    return {
      count: chunks.length,
      ids: Uint8Array.from(chunks.flatMap(({ id }) => [...id])),
      offsets: Uint32Array.from(chunks, ({ offset }) => offset),
      lengths: Uint32Array.from(chunks, ({ length }) => length),
    };
  });
}

const directories = frameTables.chain((tables): fc.Arbitrary<Directory> => {
  const { plainOffset, plainLength } = tables.frames.at(-1)!;
  const kind = fc.constantFrom(DATA, TREE);
  return fc
    .record({ kind, epoch: fc.nat(), domain: fc.nat(), chunks: chunkTable(plainOffset + plainLength) })
    .map((rest) => ({ ...rest, ...tables }));
});

/** What {@link decodeDirectory} is told of the pack around a directory. */
function placeOf({ epoch, domain, frames }: Directory) {
  const { storedOffset, storedLength } = frames.at(-1)!;
  return { object: "packs/00", epoch, domain, directoryOffset: storedOffset + storedLength };
}

test("decodeDirectory() gives what encodeDirectory() was given, and refuses every truncation", () => {
  fc.assert(
    fc.property(directories, (directory) => {
      const body = encodeDirectory(directory);
      expect(decodeDirectory(body, placeOf(directory))).toEqual(directory);
      for (let length = 0; length < body.length; length++) {
        expect(() => decodeDirectory(body.subarray(0, length), placeOf(directory))).toThrow(CorruptError);
      }
    }),
    { numRuns: 40 },
  );
});

test("decodeDirectory() refuses a flipped bit, or gives what the flipped bytes stand for", () => {
  fc.assert(
    fc.property(directories, (directory) => {
      forEachFlip(encodeDirectory(directory), (flipped, bit) => {
        try {
          const again = encodeDirectory(decodeDirectory(flipped, placeOf(directory)));
          if (Buffer.compare(again, flipped) !== 0) expect.unreachable(`bit ${bit}`);
        } catch (error) {
          if (!isBcatError(error, "corrupt") && !isBcatError(error, "newer-format")) throw error;
        }
      });
    }),
    { numRuns: 10 },
  );
});
