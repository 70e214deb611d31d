import { expect, test } from "vitest";
import { createAbortableStorage } from "./abortable.js";
import { describeStorage } from "./conformance.js";
import { createMemoryStorage } from "./memory.js";
import type { Storage } from "./storage.js";

describeStorage("abortable storage", async () => ({
  storage: createAbortableStorage(createMemoryStorage(), new AbortController().signal),
  dispose: async () => {},
}));

const never = <T>(): Promise<T> => new Promise<T>(() => {});
const silent: Storage = {
  location: "silent",
  get: never,
  put: never,
  putIfAbsent: never,
  delete: never,
  // biome-ignore lint/correctness/useYield: it never gets that far.
  async *list() {
    await never();
  },
};
const calls: readonly [string, (storage: Storage) => Promise<unknown>][] = [
  ["get", (storage) => storage.get("a")],
  ["put", (storage) => storage.put("a", new Uint8Array(1))],
  ["putIfAbsent", (storage) => storage.putIfAbsent("a", new Uint8Array(1))],
  ["delete", (storage) => storage.delete!("a")],
  ["list", async (storage) => await storage.list!("")[Symbol.asyncIterator]().next()],
];

test.each(calls)("%s() of a storage that never answers ends when the signal is aborted", async (_, call) => {
  const controller = new AbortController();
  const storage = createAbortableStorage(silent, controller.signal);
  const answer = call(storage);
  controller.abort();
  await expect(answer).rejects.toMatchObject({ code: "interrupted" });
  await expect(call(storage)).rejects.toMatchObject({ code: "interrupted" });
});

test("the storage underneath gets the signal, and the caller's own one too", async () => {
  const given: (AbortSignal | undefined)[] = [];
  const inner: Storage = {
    ...createMemoryStorage(),
    location: "memory",
    get: async (_, options) => {
      given.push(options?.signal);
      return undefined;
    },
  };
  const outer = new AbortController();
  const own = new AbortController();
  const storage = createAbortableStorage(inner, outer.signal);
  await storage.get("a");
  await storage.get("a", { signal: own.signal });
  own.abort();
  expect(given.map((signal) => signal?.aborted)).toEqual([false, true]);
  expect(given[0]).toBe(outer.signal);
});

test("a reason that says more is the error", async () => {
  const controller = new AbortController();
  const storage = createAbortableStorage(silent, controller.signal);
  const answer = storage.get("a");
  controller.abort(new Error("the reason"));
  await expect(answer).rejects.toMatchObject({ code: "interrupted", cause: { message: "the reason" } });
});

test("a storage underneath that listens once for each of many calls is no leak", async () => {
  const { signal } = new AbortController();
  const inner: Storage = {
    ...silent,
    get: async (_, options) => {
      options?.signal?.addEventListener("abort", () => {});
      return undefined;
    },
  };
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on("warning", note);
  const storage = createAbortableStorage(inner, signal);
  await Promise.all(Array.from({ length: 50 }, () => storage.get("a")));
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  expect(warnings).toEqual([]);
});
