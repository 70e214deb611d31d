/** bcat where a process may have 64 files open, after many backups by one client. */
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { loadBlake3 } from "@bcat/crypto";
import { loadZstd } from "@bcat/pack";
import { loadPosix } from "@bcat/posix";
import { type Environment, openRepository, unlockRepository } from "@bcat/repository";
import { backup } from "@bcat/snapshot";
import { openLocalStorage } from "@bcat/storage";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, noMessage, program } from "./cli/desk.js";
import { isLongRun } from "./kit/long-run.js";

const BACKUPS = 40;
const random = (length: number) => new Uint8Array(randomBytes(length));
const suffix = () => randomBytes(8).toString("hex");

let desk: Desk;

/** Many backups, each as a process of its own would do it, with the cache that the command line uses. */
beforeAll(async () => {
  desk = new Desk();
  desk.write({ "source/a/b/c/d/file": "content", "source/changing": "0" });
  await desk.good(["init"]);
  const posix = loadPosix("auto");
  const environment: Environment = {
    ...{ random, now: Date.now, host: "host", user: "user", zone: "UTC", clientId: random(16) },
    ...{ programVersion: "test", cacheDirectory: desk.path("home/.cache/bcat"), location: desk.repository },
    ...{ blake3: loadBlake3("auto"), zstd: await loadZstd("auto") },
  };
  const storage = openLocalStorage(desk.repository, { suffix, posix });
  const { rootKey } = await unlockRepository(storage, desk.secret, environment);
  for (let i = 0; i < BACKUPS; i++) {
    desk.write({ "source/changing": 600 });
    await using repository = await openRepository(storage, rootKey, environment);
    await backup(repository, posix, [Buffer.from(desk.path("source"))], {});
  }
});
afterAll(() => desk[Symbol.dispose]());

const limited = (...words: string[]) => desk.run(["bash", "-c", 'ulimit -n 64; exec "$0" "$@"', program, ...words]);

test.each([
  ["backup", ["backup", "source"]],
  ["snapshots", ["snapshots"]],
  ["ls", ["ls", "latest"]],
  ["restore", ["restore", "latest", "all", "out"]],
  ["check", ["check", "--read-data"]],
])("%s works with 64 descriptors", async (_, words) => {
  // Without koffi a restore says that times are kept to the microsecond.
  const stderr = expect.not.stringMatching(/EMFILE|descriptor/i);
  expect(await limited(...words)).toMatchObject({ code: 0, stderr });
});

test("a backup of many files goes on without the threads that there are no descriptors for", async () => {
  const files = Array.from({ length: 1_500 }, (_, i) => [`many/${i % 30}/${i}`, `content ${i}`] as const);
  using other = new Desk();
  other.write(Object.fromEntries(files));
  await other.good(["init"]);
  // Where they run out, and in what, changes from one number to the next.
  for (let limit = 34; limit <= 54; limit += isLongRun ? 4 : 24) {
    const command = `ulimit -n ${limit}; exec "$0" backup --force --threads 4 many`;
    const run = await other.run(["bash", "-c", command, program]);
    expect(run, `${limit} descriptors`).toMatchObject({ code: 0, stderr: noMessage });
    expect(run.stdout).toContain("1,500 new");
  }
});

test("the cache has few runs", () => {
  const caches = readdirSync(desk.path("home/.cache/bcat")).filter((name) => /^[0-9a-f]{32}$/.test(name));
  expect(caches).toHaveLength(1);
  const places = readdirSync(desk.path("home/.cache/bcat", caches[0]!));
  const runs = readdirSync(desk.path("home/.cache/bcat", caches[0]!, places[0]!, "index"));
  // Some that were merged away stay for a day.
  expect(runs.length).toBeLessThan(2 * (BACKUPS + 1) + 20);
});
