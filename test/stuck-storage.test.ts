/** An interrupt ends what a user waits for, also when the storage never answers. */
import { type ChildProcess, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { check, listSnapshots } from "@bcat/snapshot";
import { createFaultyStorage, createMemoryStorage, type Storage } from "@bcat/storage";
import { describe, expect, test } from "vitest";
import { type Child, Desk } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch } from "./kit/scratch.js";
import { soonAs } from "./kit/soon-as.js";

const sizes = { packSize: 64 * 1024 };

/** Never answers the operations that match, and tells of the first one. */
function stuckAt(inner: Storage, pattern: RegExp): { storage: Storage; reached: Promise<void> } {
  let tell = () => {};
  const reached = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const pass = <T>(operation: string, run: () => Promise<T>): Promise<T> => {
    if (!pattern.test(operation)) return run();
    tell();
    return new Promise<T>(() => {});
  };
  const storage: Storage = {
    location: inner.location,
    get: (name, options) => pass(`get ${name}`, () => inner.get(name, options)),
    put: (name, bytes, options) => pass(`put ${name}`, () => inner.put(name, bytes, options)),
    putIfAbsent: (name, bytes, options) => pass(`decide ${name}`, () => inner.putIfAbsent(name, bytes, options)),
  };
  return { storage, reached };
}

describe("a backup whose storage never answers", () => {
  test.each([
    ["decide sessions", /^decide sessions/],
    ["get log", /^get log/],
    ["get outcomes", /^get outcomes/],
    ["put a pack", /^put packs/],
    ["put a segment", /^put index/],
    ["decide the outcome", /^decide outcomes/],
  ])("ends when it is interrupted: %s", async (_, pattern) => {
    await using scratch = makeScratch(2 ** 24)!;
    const source = join(scratch.path, "source");
    fs.mkdirSync(source);
    for (let i = 0; i < 20; i++) fs.writeFileSync(join(source, String(i)), randomBytesOf(String(i), 40_000));
    const inner = createMemoryStorage();
    {
      await using first = await openClient(inner, { sizes });
      await first.backup([join(source, "0")]);
    }
    const { storage, reached } = stuckAt(inner, pattern);
    await using client = await openClient(storage, { sizes });
    const controller = new AbortController();
    const run = client.backup([source], { signal: controller.signal });
    await reached;
    controller.abort();
    await expect(run).rejects.toMatchObject({ code: "interrupted" });
    const committed = [...inner.objects.keys()].filter((name) => name.startsWith("outcomes/"));
    expect(committed).toHaveLength(1);
  });

  test("says that it does not know, when its outcome was on its way", async () => {
    await using scratch = makeScratch(2 ** 20)!;
    fs.writeFileSync(join(scratch.path, "file"), "content");
    const { storage, reached } = stuckAt(createMemoryStorage(), /^decide outcomes/);
    await using client = await openClient(storage);
    const controller = new AbortController();
    const run = client.backup([join(scratch.path, "file")], { signal: controller.signal });
    await reached;
    controller.abort();
    await expect(run).rejects.toThrow(
      /while snapshot 1 was being committed: whether snapshot 1 is there is not known: bcat snapshots tells/,
    );
  });

  test("hands its signal to every call", async () => {
    await using scratch = makeScratch(2 ** 20)!;
    fs.writeFileSync(join(scratch.path, "file"), randomBytesOf("file", 10_000));
    const inner = createMemoryStorage();
    await using _ = await openClient(inner);
    const without: string[] = [];
    const note = (call: string, signal: AbortSignal | undefined) => {
      if (signal === undefined) without.push(call);
    };
    const storage: Storage = {
      location: inner.location,
      get: (name, options) => {
        note(`get ${name}`, options?.signal);
        return inner.get(name, options);
      },
      put: (name, bytes, options) => {
        note(`put ${name}`, options?.signal);
        return inner.put(name, bytes, options);
      },
      putIfAbsent: (name, bytes, options) => {
        note(`decide ${name}`, options?.signal);
        return inner.putIfAbsent(name, bytes, options);
      },
    };
    await using client = await openClient(storage);
    without.length = 0;
    const { signal } = new AbortController();
    await client.backup([join(scratch.path, "file")], { signal });
    await client.backup([join(scratch.path, "file")], { signal });
    await listSnapshots(client.repository, { signal });
    await check(client.repository, { readData: true, signal });
    expect(without).toEqual([]);
  });
});

test("a check and a list whose storage never answers end when they are interrupted", async () => {
  const inner = createMemoryStorage();
  await using _ = await openClient(inner);
  for (const act of [check, listSnapshots]) {
    const { storage, reached } = stuckAt(createFaultyStorage(inner), /^get sessions/);
    await using client = await openClient(storage);
    const controller = new AbortController();
    const run = act(client.repository, { signal: controller.signal });
    await reached;
    controller.abort();
    await expect(run).rejects.toMatchObject({ code: "interrupted" });
  }
});

describe("bcat on a place that never answers", () => {
  /** Runs with a pipe in the place of `object`, and gives signals once bcat opens it, which never ends. */
  async function runStuck(desk: Desk, words: readonly string[], object: string, signals: readonly NodeJS.Signals[]) {
    const pipe = join(desk.repository, object);
    fs.mkdirSync(dirname(pipe), { recursive: true });
    fs.rmSync(pipe, { force: true });
    execFileSync("mkfifo", [pipe]);
    const act = (child: Child) => {
      const stop = soonAs(
        () => waitsForPipe((child as ChildProcess).pid!),
        () => signals.forEach((signal) => void child.kill(signal)),
      );
      (child as ChildProcess).on("exit", stop);
    };
    return await desk.bcat(words, { disturb: { below: desk.repository, file: /./, act } });
  }

  /** Whether a thread of the process is in an open(2) of a pipe that nobody writes to. */
  function waitsForPipe(pid: number): boolean {
    try {
      return fs
        .readdirSync(`/proc/${pid}/task`)
        .some((task) => fs.readFileSync(`/proc/${pid}/task/${task}/wchan`, "utf8") === "wait_for_partner");
    } catch {
      // A thread has just ended.
      return false;
    }
  }

  async function openDesk(): Promise<Desk> {
    const desk = new Desk();
    desk.write({ "source/file": "content" });
    await desk.good(["backup", "--init", "source"]);
    return desk;
  }

  test.each([
    ["backup", ["backup", "source"], "log/0000000001", /^bcat: interrupted; nothing was committed$/m],
    ["snapshots", ["snapshots"], "config", /^bcat: interrupted$/m],
    [
      "restore",
      ["restore", "latest", "all", "out"],
      "log/0000000001",
      /^bcat: interrupted; nothing was restored or deleted$/m,
    ],
    ["check", ["check"], "log/0000000001", /^bcat: interrupted/m],
  ])("%s ends with one signal", async (_, words, object, says) => {
    using desk = await openDesk();
    const run = await runStuck(desk, words, object, ["SIGINT"]);
    expectRefusal(run, { code: 130, says });
    expect(run.signal).toBe("SIGINT");
  });

  test("two signals end it too", async () => {
    using desk = await openDesk();
    const run = await runStuck(desk, ["backup", "source"], "log/0000000001", [
      ...(["SIGSTOP", "SIGINT", "SIGTERM", "SIGCONT"] as const),
    ]);
    expect(["SIGINT", "SIGTERM"]).toContain(run.signal);
  });
});
