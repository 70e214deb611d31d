import { BcatError, StorageError } from "@bcat/errors";
import { createMemoryStorage, type Storage } from "@bcat/storage";
import { Meter } from "@bcat/storage/meter";
import { expect, test } from "vitest";
import { type StackOptions, stackLocal, stackRemote } from "./storage-stack.js";

/** Fails every call, as a server that is down; `called` resolves at the first. */
function createDead(): { storage: Storage; called: Promise<void> } {
  let tell = () => {};
  const called = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const fail = async () => {
    tell();
    throw new StorageError("Cannot reach the server: connection refused");
  };
  const storage: Storage = {
    location: "dead",
    get: fail,
    put: fail,
    putIfAbsent: fail,
    delete: fail,
    // biome-ignore lint/correctness/useYield: it never gets that far.
    async *list() {
      await fail();
    },
  };
  return { storage, called };
}

interface TestOptions extends StackOptions {
  readonly meter: Meter;
  readonly lines: string[];
}

function optionsOf(given: Partial<Omit<StackOptions, "meter">> = {}): TestOptions {
  const lines: string[] = [];
  const signal = new AbortController().signal;
  return { meter: new Meter(), signal, retryForMs: 3_600_000, onNotice: (line) => lines.push(line), lines, ...given };
}

const calls: readonly [string, (storage: Storage) => Promise<unknown>][] = [
  ["get", (storage) => storage.get("a")],
  ["put", (storage) => storage.put("a", new Uint8Array(1))],
  ["putIfAbsent", (storage) => storage.putIfAbsent("a", new Uint8Array(1))],
  ["delete", (storage) => storage.delete!("a")],
  ["list", async (storage) => await storage.list!("")[Symbol.asyncIterator]().next()],
];

test.each(calls)(
  "%s() that waits for its next try ends when the signal is aborted, and asks no more",
  async (_, call) => {
    const controller = new AbortController();
    const options = optionsOf({ signal: controller.signal });
    const { storage: raw, called } = createDead();
    const storage = await stackRemote(raw, options);
    const answer = call(storage);
    await called;
    controller.abort(new BcatError("interrupted", "Interrupted by SIGINT"));
    await expect(answer).rejects.toMatchObject({ code: "interrupted" });
    const { total } = options.meter;
    await new Promise((resolve) => setImmediate(resolve));
    expect(options.meter.total).toBe(total);
  },
);

test("a remote storage is counted for each try, a folder is not tried again", async () => {
  const remote = optionsOf();
  const memory = createMemoryStorage();
  let failures = 1;
  const get: Storage["get"] = async (name) => {
    if (failures-- > 0) throw new StorageError("Cannot reach the server: connection reset");
    return await memory.get(name);
  };
  const flaky: Storage = { ...createDead().storage, get };
  expect(await (await stackRemote(flaky, remote)).get("a")).toBeUndefined();
  expect(remote.meter).toMatchObject({ total: 2, retries: 1 });
  const local = optionsOf();
  await expect((await stackLocal(createDead().storage, local)).get("a")).rejects.toThrow(/refused$/);
  expect(local.meter).toMatchObject({ total: 1, retries: 0 });
});

test("a stack passes what it is asked", async () => {
  for (const stack of [stackLocal, stackRemote]) {
    const storage = await stack(createMemoryStorage(), optionsOf());
    await storage.put("a", new Uint8Array(3));
    expect(await storage.get("a")).toEqual(new Uint8Array(3));
  }
});
