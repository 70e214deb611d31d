/** Many backups from many processes at once into one repository, and each of them back. */
import { rmSync } from "node:fs";
import { expect } from "vitest";
import type { Desk } from "../cli/desk.js";
import { compareTrees, recordTree } from "../crash/recorded-tree.js";

export interface ManyWriters {
  readonly count: number;
  /** Of every command: where the repository and its registers are. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Restores need no registers: they are made without these variables. */
  readonly forWriters: readonly string[];
  /** Called when all have committed. */
  readonly between?: () => Promise<void> | void;
}

/** Makes a repository; the writers get dense numbers, each from a cache of its own, and all come back byte for byte. */
export async function expectManyWriters(desk: Desk, { count, env, forWriters, between }: ManyWriters): Promise<void> {
  const sources = Array.from({ length: count }, (_, i) => desk.path(`source-${i + 1}`));
  for (const [i] of sources.entries())
    desk.write({ [`source-${i + 1}/a`]: 100_000 + i, [`source-${i + 1}/folder/b`]: `${i}` });
  await desk.good(["init"], { env });
  const backUp = (source: string) => desk.good(["backup", source, "--cache-dir", `${source}-cache`], { env });
  const printed = await Promise.all(sources.map(backUp));
  const numbers = printed.map((text) => Number(/^snapshot (\d+):/m.exec(text)?.[1]));
  expect([...numbers].sort((a, b) => a - b)).toEqual(sources.map((_, i) => i + 1));
  await between?.();
  const readers = { env: { ...env, ...Object.fromEntries(forWriters.map((name) => [name, undefined])) } };
  const listed = (await desk.json(["snapshots"], readers)) as { number: number }[];
  expect(listed.map(({ number }) => number)).toEqual(sources.map((_, i) => i + 1));
  const target = desk.path("restored");
  for (const [i, source] of sources.entries()) {
    await desk.good(["restore", `${numbers[i]}`, "all", target], readers);
    expect(compareTrees(recordTree(source), recordTree(target))).toEqual([]);
    rmSync(target, { recursive: true });
  }
  expect(await desk.good(["check", "--read-data"], readers)).toContain("no damage found");
}
