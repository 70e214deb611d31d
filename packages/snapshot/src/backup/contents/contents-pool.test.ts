import { once } from "node:events";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import { ChunkClaims, DATA } from "@bcat/pack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ContentsPool, type ContentsPoolOptions, type Task } from "./contents-pool.js";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bcat-pool-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A pool whose thread runs `code` once it is asked for something. */
function createPool(code: string): ContentsPool {
  return createPoolOf(`parentPort.on("message", () => { ${code} }); parentPort.postMessage("ready");`);
}

/** A pool whose thread is `code`. */
function createPoolOf(code: string): ContentsPool {
  const entry = join(folder, `${Math.abs(hashOf(code))}.mjs`);
  const head = 'import fs from "node:fs"; import { parentPort, workerData } from "node:worker_threads";';
  writeFileSync(entry, `${head} ${code}`);
  return openPool(pathToFileURL(entry));
}

function openPool(entry: URL): ContentsPool {
  const frames = { kind: DATA, epoch: 0, domain: 0, level: 3, chunkSizeMax: 65_536 } as const;
  const options = {
    count: 1,
    keys: { rootKey: new Uint8Array(32), repositoryId: new Uint8Array(16) },
    accelerators: "auto",
    random: (length: number) => new Uint8Array(length),
    chunker: { kind: "cdc", minimum: 16_384, average: 32_768, maximum: 65_536 },
    gear: new Uint32Array(256),
    ignoreCtime: false,
    store: { claims: ChunkClaims.create().share(), indexes: [], frames },
    entry,
  } satisfies ContentsPoolOptions;
  return new ContentsPool(options);
}

const hashOf = (text: string) => [...text].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, 7);
const task: Task = {
  job: { kind: "flush" },
  group() {},
  chunk() {},
  restart() {},
  file() {},
  fault() {},
  end() {},
};

/** Descriptors of this process that are open at `path`. */
function openAt(path: string): number {
  const paths = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "closed meanwhile";
    }
  });
  return paths.filter((found) => found === path).length;
}

/** When the thread that is started next has ended. */
async function nextExit(): Promise<void> {
  const [worker] = (await once(process, "worker")) as [Worker];
  await new Promise((resolve) => worker.once("exit", resolve));
}

/** Asks for something as soon as the thread is there, and waits for the answer. */
async function ask(pool: ContentsPool): Promise<void> {
  while (!pool.hasRoom) await new Promise((resolve) => setImmediate(resolve));
  pool.start(task);
  await pool.flush(async () => {});
}

describe("ContentsPool", () => {
  it.each([
    ["ends by itself", "process.exit(3)", "it ended by itself"],
    ["throws", 'throw new Error("out of luck")', "out of luck"],
  ])("wait() fails, clearly, when a thread %s", async (_, code, reason) => {
    const pool = createPool(code);
    const message = `Cannot go on: a thread that reads files has failed: ${reason}; nothing was committed`;
    await expect(ask(pool)).rejects.toMatchObject({ code: "refused", message });
    await pool.close();
  });

  // A thread that is not there is not missed otherwise.
  it("has a thread that can be loaded as a module", async () => {
    const pool = openPool(new URL("../../../dist/backup/contents/contents-worker.js", import.meta.url));
    await ask(pool);
    await pool.close();
  });

  it("has a thread that can be loaded as part of the program, of which it says that it is", async () => {
    const path = new URL("../../../../cli/dist/contents-worker.cjs", import.meta.url).href;
    const pool = createPoolOf(`
      const post = parentPort.postMessage.bind(parentPort);
      parentPort.postMessage = (said) => post(/^ready \\w+$/.test(said) ? "ready" : said);
      await import(${JSON.stringify(path)});`);
    await ask(pool);
    await pool.close();
  });

  it.each([
    ["for want of descriptors", 'throw Object.assign(new Error("too many open files"), { code: "EMFILE" })'],
    ["for want of a module", 'await import("bcat-has-no-such-module")'],
    ["without a word", "process.exit(0)"],
  ])("goes on without a thread that cannot be loaded %s", async (_, code) => {
    const exit = nextExit();
    const pool = createPoolOf(`${code};`);
    await exit;
    await pool.flush(async () => {});
    expect([pool.hasRoom, pool.isBusy, pool.take()]).toEqual([false, false, false]);
    await pool.close();
  });

  it("close() gives back the descriptors that a thread has open, wherever it is", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const pool = createPool(`
      workerData.descriptors[3] = fs.openSync(${JSON.stringify(file)}) + 1;
      workerData.descriptors[5] = fs.openSync(${JSON.stringify(file)}) + 1;
      for (;;);`);
    void ask(pool).catch(() => {});
    while (openAt(file) < 2) await new Promise((resolve) => setImmediate(resolve));
    await pool.close();
    expect(openAt(file)).toBe(0);
  });

  it("close() ends a thread that never answers", async () => {
    const pool = createPool("for (;;);");
    void ask(pool).catch(() => {});
    while (!pool.isBusy) await new Promise((resolve) => setImmediate(resolve));
    await pool.close();
  });
});
