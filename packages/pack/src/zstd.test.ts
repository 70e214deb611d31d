import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { loadZstd, type Zstd } from "./zstd.js";
import { loadBuiltInZstd } from "./zstd-built-in.js";
import { readFrameHeader } from "./zstd-header.js";
import { loadLibzstd } from "./zstd-libzstd.js";
import { loadNativeZstd } from "./zstd-native.js";
import { loadWasmZstd } from "./zstd-wasm.js";

const text = Buffer.from("the same words again and again, ".repeat(2000));

const native = loadNativeZstd();
const libzstd = loadLibzstd();
if (native === undefined) process.stdout.write("pack: skipped what needs zstd-napi: it is not installed\n");
if (libzstd === undefined) process.stdout.write("pack: skipped what needs koffi and a libzstd: they are not here\n");

const all = [native, libzstd, loadBuiltInZstd(), await loadWasmZstd()].filter((zstd) => zstd !== undefined);

describe.each(all)("$name", (writer) => {
  test.each(all)("is read by $name, but not a byte less of it", (reader) => {
    const target = new Uint8Array(text.length);
    const length = writer.compress(text, target, 3);
    expect(length).toBeGreaterThan(0);
    const frame = target.subarray(0, length);
    expect(readFrameHeader(frame)?.contentSize).toBe(text.length);
    const plain = new Uint8Array(text.length);
    expect(reader.decompress(frame, plain)).toBe(true);
    expect(Buffer.compare(plain, text)).toBe(0);
    expect(reader.decompress(frame, new Uint8Array(text.length - 1))).toBe(false);
    expect(reader.decompress(frame, new Uint8Array(text.length + 1))).toBe(false);
    for (let cut = 0; cut < length; cut++) expect(reader.decompress(frame.subarray(0, cut), plain)).toBe(false);
  });

  test("reports what does not fit as 0, and writes no byte past the target", () => {
    const random = Uint8Array.from({ length: 5000 }, (_, i) => (i * 2654435761) >>> 13);
    const memory = new Uint8Array(200);
    expect(writer.compress(random.subarray(0, 300), memory.subarray(0, 100), 3)).toBe(0);
    expect(memory.subarray(100).every((byte) => byte === 0)).toBe(true);
  });

  test("compresses better at a higher level", () => {
    const words = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * i * 2654435761) % 1013).join(" "));
    const length = (level: number) => writer.compress(words, new Uint8Array(words.length), level);
    expect(length(19)).toBeLessThan(length(1));
  });

  test("refuses a frame that announces 16 GiB before memory is taken", () => {
    const bomb = Buffer.from("28b52ffde000000000040000000100", "hex");
    expect(readFrameHeader(bomb)?.contentSize).toBe(2 ** 34);
    expect(writer.decompress(bomb, new Uint8Array(1024))).toBe(false);
  });

  test("refuses a flipped byte or gives other bytes of the same length, at every place of a frame", () => {
    const target = new Uint8Array(1000);
    const frame = target.subarray(0, writer.compress(text.subarray(0, 1000), target, 3));
    const memory = new Uint8Array(1100).fill(7);
    for (let at = 0; at < frame.length; at++) {
      frame[at]! ^= 0xff;
      writer.decompress(frame, memory.subarray(0, 1000));
      frame[at]! ^= 0xff;
    }
    expect(memory.subarray(1000).every((byte) => byte === 7)).toBe(true);
    expect(writer.decompress(frame, memory.subarray(0, 1000))).toBe(true);
  });

  test("works in several threads at once, on memory that they share", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(text.length));
    shared.set(text);
    const threads = Array.from({ length: 4 }, () => compressInThread(writer.name, shared));
    expect(await Promise.all(threads)).toEqual(Array(4).fill(writer.name));
  });
});

/** Fifty round trips in a thread; the name of what it used. Threads load what is built: there is no loader of .ts in them. */
async function compressInThread(name: Zstd["name"], shared: Uint8Array): Promise<unknown> {
  const files = {
    "zstd-napi": "zstd-native",
    libzstd: "zstd-libzstd",
    node: "zstd-built-in",
    wasm: "zstd-wasm",
  } as const;
  const source = `
    const { parentPort, workerData: { url, shared } } = require("node:worker_threads");
    (async () => {
      const [load] = Object.values(await import(url));
      const zstd = await load();
      for (let round = 0; round < 50; round++) {
        const source = shared.subarray(round * 16);
        const frame = new Uint8Array(new SharedArrayBuffer(source.length));
        const length = zstd.compress(source, frame, 3);
        const plain = new Uint8Array(new SharedArrayBuffer(source.length));
        if (!zstd.decompress(frame.subarray(0, length), plain)) throw new Error("refused");
        if (Buffer.compare(plain, source) !== 0) throw new Error("differs");
      }
      parentPort.postMessage(zstd.name);
    })();`;
  const url = new URL(`../dist/${files[name]}.js`, import.meta.url).href;
  const worker = new Worker(source, { eval: true, workerData: { url, shared } });
  const said = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await worker.terminate();
  return said;
}

test("loadZstd() takes the fastest that there is, in the order of the decision record", async () => {
  expect((await loadZstd("auto")).name).toBe(all[0]!.name);
  expect((await loadZstd("off")).name).toBe("wasm");
});

test("loadZstd() takes zstd-napi when accelerators are required, or says that it cannot", async () => {
  const required = loadZstd("required").then(({ name }) => name);
  if (native === undefined) await expect(required).rejects.toThrow("Cannot load zstd-napi");
  else expect(await required).toBe("zstd-napi");
});

test("loading twice leaves both usable", async () => {
  for (const mode of ["off", "auto"] as const) {
    const first = await loadZstd(mode);
    const second = await loadZstd(mode);
    await new Promise((resolve) => setImmediate(resolve));
    for (const zstd of [first, second, first, second]) {
      const target = new Uint8Array(text.length);
      const length = zstd.compress(text, target, 3);
      expect(length).toBeGreaterThan(0);
      expect(zstd.decompress(target.subarray(0, length), new Uint8Array(text.length))).toBe(true);
    }
  }
});
