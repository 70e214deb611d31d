import { expect, test } from "vitest";
import { DATA } from "./blob-kind.js";
import { CHUNKS_MAX, type Directory, decodeDirectory, encodeDirectory } from "./directory.js";
import { FRAMES_MAX } from "./tables.js";

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

test("decodeDirectory() refuses every truncation", () => {
  const body = encodeDirectory(create([[0, 300]]));
  for (let length = 0; length < body.length; length++) {
    expect(() => decodeDirectory(body.slice(0, length), pack)).toThrow(/Cannot read pack/);
  }
});
