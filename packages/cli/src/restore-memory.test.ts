/** What is remembered of restores is a help and never a hindrance. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Repository } from "@bcat/repository";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RestoreBegun, RestoreMemory } from "./restore-memory.js";

let cacheDirectory: string;
beforeEach(() => {
  cacheDirectory = mkdtempSync(join(tmpdir(), "bcat-memory-"));
});
afterEach(() => rmSync(cacheDirectory, { recursive: true }));

const memory = (cache: string | undefined = cacheDirectory) =>
  new RestoreMemory({
    id: new Uint8Array(16),
    environment: { cacheDirectory: cache } as Repository["environment"],
  });
const begun: RestoreBegun = { kind: "restore", target: "/target", snapshot: 3, choice: "all" };
const file = () => join(cacheDirectory, "restores", readdirSync(join(cacheDirectory, "restores"))[0]!);

test("the last restore of a target is found when it has not ended, and when it is the same", () => {
  memory().put({ ...begun, undo: 4, isFinished: false });
  expect(memory().findUnfinished(begun)?.undo).toBe(4);
  for (const other of [{ snapshot: 2 }, { target: "/other" }, { choice: "some" }, { kind: "undo" as const }])
    expect(memory().findUnfinished({ ...begun, ...other })).toBeUndefined();
  memory().put({ ...begun, undo: 4, isFinished: true });
  expect(memory().findUnfinished(begun)).toBeUndefined();
  expect(memory().last?.undo).toBe(4);
});

test("of more targets than are remembered the oldest is forgotten", () => {
  for (let i = 0; i < 70; i++) memory().put({ ...begun, target: `/target/${i}`, isFinished: false });
  expect(memory().last?.target).toBe("/target/69");
  expect(memory().findUnfinished({ ...begun, target: "/target/5" })).toBeUndefined();
  expect(memory().findUnfinished({ ...begun, target: "/target/6" })).toBeDefined();
});

test("a file that is damaged, of something else, or not there is none", () => {
  expect(memory().last).toBeUndefined();
  memory().put({ ...begun, isFinished: true });
  for (const text of ["", "{", "null", "{}", "[null,1]", '[{"kind":"restore","target":1}]']) {
    writeFileSync(file(), text);
    expect(memory().last).toBeUndefined();
  }
  memory().put({ ...begun, isFinished: true });
  expect(memory().last).toEqual({ ...begun, isFinished: true });
});

test("nobody else can read it, and without a cache there is none", () => {
  memory().put({ ...begun, isFinished: true });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  const none = new RestoreMemory({
    id: new Uint8Array(16),
    environment: { cacheDirectory: undefined } as Repository["environment"],
  });
  none.put({ ...begun, isFinished: false });
  expect(none.last).toBeUndefined();
});

test("a cache that cannot be written to is passed over", () => {
  writeFileSync(join(cacheDirectory, "restores"), "a file in the way");
  memory().put({ ...begun, isFinished: false });
  expect(memory().last).toBeUndefined();
});
