import { expect, test } from "vitest";
import { loadZstd, readFrameHeader } from "./zstd.js";

const text = Buffer.from("the same words again and again, ".repeat(2000));

test("every implementation reads what every other wrote", async () => {
  const all = [await loadZstd("auto"), await loadZstd("off")];
  for (const writer of all) {
    const target = new Uint8Array(text.length);
    const length = writer.compress(text, target, 3);
    expect(length).toBeGreaterThan(0);
    const frame = target.subarray(0, length);
    expect(readFrameHeader(frame)?.contentSize).toBe(text.length);
    for (const reader of all) {
      const plain = new Uint8Array(text.length);
      expect(reader.decompress(frame, plain)).toBe(true);
      expect(Buffer.compare(plain, text)).toBe(0);
      expect(reader.decompress(frame, new Uint8Array(text.length - 1))).toBe(false);
      expect(reader.decompress(frame, new Uint8Array(text.length + 1))).toBe(false);
      for (let cut = 0; cut < length; cut += 11) expect(reader.decompress(frame.subarray(0, cut), plain)).toBe(false);
    }
  }
});

test("what does not shrink is reported as 0", async () => {
  const random = Uint8Array.from({ length: 5000 }, (_, i) => (i * 2654435761) >>> 13);
  for (const zstd of [await loadZstd("auto"), await loadZstd("off")]) {
    expect(zstd.compress(random.slice(0, 300), new Uint8Array(100), 3)).toBe(0);
  }
});

test("a frame that announces 16 GiB is refused before memory is taken", async () => {
  const bomb = Buffer.from("28b52ffde000000000040000000100", "hex");
  expect(readFrameHeader(bomb)?.contentSize).toBe(2 ** 34);
  for (const zstd of [await loadZstd("auto"), await loadZstd("off")]) {
    expect(zstd.decompress(bomb, new Uint8Array(1024))).toBe(false);
  }
});

test("required accelerators that load are named", async () => {
  expect((await loadZstd("required")).name).toBe("zstd-napi");
  expect((await loadZstd("off")).name).toBe("wasm");
});

test("loading twice leaves both usable", async () => {
  const first = await loadZstd("off");
  const second = await loadZstd("off");
  await new Promise((resolve) => setImmediate(resolve));
  for (const zstd of [first, second, first, second]) {
    const target = new Uint8Array(text.length);
    const length = zstd.compress(text, target, 3);
    expect(length).toBeGreaterThan(0);
    expect(zstd.decompress(target.subarray(0, length), new Uint8Array(text.length))).toBe(true);
  }
});
