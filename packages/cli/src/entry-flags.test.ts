import type { Entry, Node } from "@bcat/snapshot";
import { expect, test } from "vitest";
import { entryFlags, entryLines } from "./entry-flags.js";
import { Options } from "./options.js";

const node: Node = {
  ...{ name: Buffer.from("b"), type: 1, mode: 0o644, uid: 0, gid: 0, user: "", group: "" },
  ...{ mtimeSeconds: 1_700_000_000, mtimeNanoseconds: 0, content: { kind: "inline", bytes: new Uint8Array(3) } },
};
const long = new Options(entryFlags, new Map([["long", ["true"]]]), {});

async function* entriesOf(paths: readonly string[], failure?: Error): AsyncGenerator<Entry> {
  for (const path of paths) yield { path: Buffer.from(path), node };
  if (failure !== undefined) throw failure;
}

async function linesOf(entries: AsyncIterable<Entry>, columns: number | undefined) {
  const lines: string[] = [];
  let error: unknown;
  try {
    for await (const line of entryLines(entries, long, columns)) lines.push(line);
  } catch (thrown) {
    error = thrown;
  }
  return { lines, error };
}

test("entryLines() has the same columns for all, as the longest path of the first ones needs", async () => {
  const { lines } = await linesOf(entriesOf(["/a", "/folder/with/a/long/name", "/b"]), 60);
  expect(lines.map((line) => line.length)).toEqual([35, 57, 35]);
});

test("entryLines() leaves out nothing where there is no terminal", async () => {
  const { lines } = await linesOf(entriesOf(["/a", `/${"long".repeat(100)}`]), undefined);
  expect(lines.map((line) => line.length)).toEqual([62, 461]);
});

test("entryLines() has what comes before an error", async () => {
  const failure = new Error("gone");
  expect(await linesOf(entriesOf(["/a", "/b"], failure), 80)).toMatchObject({ lines: { length: 2 }, error: failure });
});

test("entryLines() of many entries ends, and fits those that come late", async () => {
  const many = [...new Array(1_000).keys()].map((i) => `/${i}`);
  const { lines } = await linesOf(entriesOf([...many, `/${"late".repeat(50)}`]), 70);
  expect(lines.length).toBe(1_001);
  expect(lines.at(-1)!.length).toBe(70);
});
