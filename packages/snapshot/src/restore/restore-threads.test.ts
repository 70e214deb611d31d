import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DirectoryNumbers, describeFiles, type PostedJob } from "./job.js";
import { RestoreThreads } from "./restore-threads.js";

let folder: string;
let entries = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bcat-threads-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Threads that run `code` for each job, after `first`. */
function createThreads(code: string, first = 'parentPort.postMessage("ready");'): RestoreThreads {
  const entry = join(folder, `${++entries}.mjs`);
  const head = 'import { parentPort } from "node:worker_threads";';
  writeFileSync(entry, `${head} parentPort.on("message", () => { ${code} }); ${first}`);
  return new RestoreThreads({
    count: 2,
    keys: { rootKey: new Uint8Array(32), repositoryId: new Uint8Array(16) },
    accelerators: "off",
    top: { fd: 0, path: new Uint8Array(0) },
    entry: pathToFileURL(entry),
  });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function emptyJob(): PostedJob {
  const numbers = new DirectoryNumbers();
  const files = describeFiles([], new Uint32Array(0), { directories: numbers, isSparse: () => false });
  return { files, content: new Uint8Array(0), directories: numbers.table() };
}

describe("RestoreThreads", () => {
  it.each([
    ["ends by itself", "process.exit(3)", "it ended by itself"],
    ["throws", 'throw new Error("out of luck")', "out of luck"],
  ])("run() fails, clearly, when a thread %s", async (_, code, reason) => {
    const threads = createThreads(code);
    while (!threads.hasRoom) await turn();
    const message = `Cannot go on: a thread that restores files has failed: ${reason}; what was restored so far is incomplete`;
    const jobs = [threads.run(emptyJob()), threads.run(emptyJob())];
    for (const job of jobs) await expect(job).rejects.toMatchObject({ code: "refused", message });
    await expect(threads.run(emptyJob())).rejects.toMatchObject({ code: "refused" });
    await threads.close();
  });

  it.each([
    ["that cannot be loaded", 'throw new Error("no koffi")'],
    ["of another bcat", 'parentPort.postMessage("ready 0123456789abcdef")'],
  ])("does without threads %s", async (_, first) => {
    const threads = createThreads("", first);
    while (threads.width > 0) await turn();
    expect(threads.hasRoom).toBe(false);
    await threads.close();
  });

  it("gives each thread two jobs at most, and answers in order", async () => {
    const threads = createThreads(
      "parentPort.postMessage({ states: new Uint8Array(0), faults: [], unset: { owners: 0, setIds: 0 } })",
    );
    while (!threads.hasRoom) await turn();
    const jobs: Promise<unknown>[] = [];
    while (threads.hasRoom) jobs.push(threads.run(emptyJob()));
    expect(jobs.length).toBeGreaterThanOrEqual(2);
    expect(jobs.length).toBeLessThanOrEqual(threads.width);
    await Promise.all(jobs);
    expect(threads.hasRoom).toBe(true);
    await threads.close();
  });
});
