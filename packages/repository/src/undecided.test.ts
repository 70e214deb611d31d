import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BcatError, StorageError } from "@bcat/errors";
import { createMemoryStorage, MemoryDatabase, type Storage } from "@bcat/storage";
import { afterAll, expect, test } from "vitest";
import { type Hook, hookedStorage, hookedTable } from "./elsewhere/test-world.js";
import { initRepository, openRepository, unlockRepository } from "./open.js";
import type { Repository } from "./repository.js";
import { createTestEnvironment } from "./test-environment.js";
import { commitChunk } from "./test-repository.js";
import { describeUndecided } from "./undecided.js";

const secret = { keyFile: new Uint8Array(32) };
const folder = mkdtempSync(join(tmpdir(), "bcat-undecided-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What stands in the way of calls to the storage and the table, if anything. */
let hook: Hook = () => {};
const away = () => {
  throw new StorageError("Cannot write: it does not answer");
};

type Kind = "own" | "elsewhere" | "one writer";

async function open(kind: Kind): Promise<{ repository: Repository; reopen: () => Promise<Repository> }> {
  hook = () => {};
  const database = new MemoryDatabase();
  const storage: Storage = hookedStorage(createMemoryStorage(), (...given) => hook(...given));
  const cacheDirectory = kind === "one writer" ? mkdtempSync(join(folder, "cache-")) : undefined;
  const environment = await createTestEnvironment({ cacheDirectory });
  const registers =
    kind === "elsewhere"
      ? {
          kind: "postgres" as const,
          location: "database",
          open: async (id: Uint8Array) => hookedTable(database.open(id), (...given) => hook(...given)),
        }
      : undefined;
  const repository = await initRepository(
    storage,
    { secret, registers, isForOneWriter: kind === "one writer" },
    environment,
  );
  const { rootKey } = await unlockRepository(storage, secret, environment);
  const again = await createTestEnvironment({ cacheDirectory, seed: 2 });
  return { repository, reopen: () => openRepository(storage, rootKey, again, { registers }) };
}

const isOutcome = (name: string | undefined) => name?.includes("outcomes/") === true;

/** Stands in the way when an outcome has been put. */
function afterPut(fault: Hook): Hook {
  let isPut = false;
  return (kind, name) => {
    isPut ||= kind === "objects.putIfAbsent" && isOutcome(name);
    if (isPut) return fault(kind, name);
  };
}

test.each<[string, Kind, Hook, RegExp, number[]]>([
  [
    "before anything arrived",
    "own",
    (kind, name) => void (kind === "objects.putIfAbsent" && isOutcome(name) && away()),
    /^Cannot write.*; whether snapshot 1 is there is not known: bcat snapshots tells; if it is not, back up again$/,
    [2],
  ],
  [
    "when it was put, and before it was read back",
    "own",
    afterPut((kind, name) => void (kind === "objects.get" && isOutcome(name) && away())),
    /whether snapshot 1 is there is not known: bcat snapshots tells/,
    [1, 2],
  ],
  [
    "before the table had decided",
    "elsewhere",
    (kind, name) => void (kind === "table.insert" && isOutcome(name) && away()),
    /; whether snapshot 1 is committed is not known yet: the next backup finds out, .*; back up again$/,
    [2],
  ],
  [
    "when the table had decided, before it was copied",
    "elsewhere",
    (kind, name) => void (kind === "objects.put" && isOutcome(name) && away()),
    /whether snapshot 1 is committed is not known yet: the next backup finds out/,
    [1, 2],
  ],
  [
    "before anything arrived",
    "one writer",
    (kind, name) => void (kind.startsWith("objects.put") && isOutcome(name) && away()),
    /whether snapshot 1 is there by now, bcat snapshots tells: the next backup from this machine puts it there/,
    [1, 2],
  ],
  [
    "for good, as it says",
    "one writer",
    (kind, name) => {
      if (kind.startsWith("objects.put") && isOutcome(name)) throw new StorageError("Cannot write", { isFinal: true });
    },
    /whether snapshot 1 is there by now, bcat snapshots tells: the next backup from this machine puts it there/,
    [1, 2],
  ],
])(
  "a place that is gone %s (%s) leaves words that come true with the next backup",
  async (_, kind, fault, says, then) => {
    const { repository, reopen } = await open(kind);
    {
      await using first = repository;
      hook = fault;
      await expect(commitChunk(first)).rejects.toMatchObject({
        code: "storage-failed",
        message: expect.stringMatching(says),
      });
    }
    hook = () => {};
    await using second = await reopen();
    await commitChunk(second);
    expect([...second.history.summaries.keys()]).toEqual(then);
  },
);

test("a refusal leaves no doubt, unless an earlier try got no answer, the next run sends it again, or the registers have decided by then", () => {
  const refused = new StorageError("Cannot write: no space left", { isFinal: true });
  expect(describeUndecided(refused, { number: 1 })).toBe(refused);
  expect(describeUndecided(refused, { number: 1, outbox: true })).toMatchObject({
    isFinal: true,
    message: expect.stringContaining("the next backup from this machine puts it there"),
  });
  expect(describeUndecided(refused, { number: 1, registers: true })).toMatchObject({ isFinal: true });
  const late = new StorageError("Cannot write: no space left", { isFinal: true, mayBeDone: true });
  expect(describeUndecided(late, { number: 1 })).toMatchObject({ message: expect.stringContaining("not known") });
});

test("an interrupt, and a repair that came between, are no statement either", () => {
  const interrupted = new BcatError("interrupted", "Interrupted by SIGINT");
  expect(describeUndecided(interrupted, { number: 3, registers: true })).toMatchObject({
    code: "interrupted",
    message: expect.stringMatching(/^interrupted while snapshot 3 was being committed: .*not known yet/),
  });
  const repaired = new BcatError("identity-changed", "Cannot use the registers: generation 2 is open");
  expect(describeUndecided(repaired, { number: 3, registers: true })).toMatchObject({
    code: "identity-changed",
    message: expect.stringContaining("whether snapshot 3 is there, bcat snapshots tells then"),
  });
  expect(describeUndecided(repaired, { number: 3 })).toBe(repaired);
});
