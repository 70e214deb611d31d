import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadClientId } from "./client-id.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bcat-client-"));
});
afterAll(() => rm(folder, { recursive: true }));

const fill = (value: number) => (length: number) => new Uint8Array(length).fill(value);

test("loadClientId() draws an id once and keeps it", async () => {
  expect([...(await loadClientId(folder, fill(1)))]).toEqual(Array(16).fill(1));
  expect([...(await loadClientId(folder, fill(2)))]).toEqual(Array(16).fill(1));
});

test("loadClientId() replaces what is no id", async () => {
  await writeFile(join(folder, "client"), "torn");
  expect([...(await loadClientId(folder, fill(3)))]).toEqual(Array(16).fill(3));
});

test("loadClientId() draws one where nothing can be kept", async () => {
  expect([...(await loadClientId(undefined, fill(4)))]).toEqual(Array(16).fill(4));
  expect([...(await loadClientId("/dev/null/none", fill(5)))]).toEqual(Array(16).fill(5));
});
