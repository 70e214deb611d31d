/** A slice of the cases of damage.sweep.ts, another one every day; and what only a cache can notice. */
import { join } from "node:path";
import { DATA, TREE } from "@bcat/pack";
import { openRepository } from "@bcat/repository";
import { check, type Finding, findSnapshot, listEntries } from "@bcat/snapshot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { choose } from "./crash/seed.js";
import { chooseCases, describeTally, runCases } from "./damage/command-line.js";
import { OverlayStorage } from "./damage/overlay.js";
import { Tally } from "./damage/tally.js";
import { TAIL } from "./damage/world.js";
import { checkAll, createSubject, type DamageCase, judge, kindOf, listCases, type Subject } from "./damage-cases.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const DAY_MS = 86_400_000;
const SLICE = 16;

const seed = process.env.SEED === undefined ? Math.floor(Date.now() / DAY_MS) : Number(process.env.SEED);
let scratch: Scratch;
let subject: Subject;
let cases: DamageCase[];

beforeAll(async () => {
  scratch = makeScratch(64 * 2 ** 20)!;
  subject = await createSubject(scratch.path);
  cases = listCases(subject, seed);
});
afterAll(() => scratch[Symbol.asyncDispose]());

describe("damage to a repository", () => {
  it("has every type of object and every kind of tree to be done to", async () => {
    const kinds = new Set([...subject.storage.objects.keys()].map(kindOf));
    expect([...kinds].sort()).toEqual(["config", "index", "keys", "log", "outcomes", "packs", "partial", "sessions"]);
    const levels = new Set(await treeLevels());
    expect(levels).toEqual(new Set(["nodes 0", "nodes 1", "chunks 1", "inline", "chunks"]));
  });

  it("is refused or harmless, and check names it", async () => {
    const tally = new Tally();
    const flipped = choose(
      cases.filter(({ way }) => way === "flipped"),
      SLICE / 2,
      seed,
    );
    const others = choose(
      cases.filter(({ way }) => way !== "flipped"),
      SLICE / 2,
      seed,
    );
    for (const damage of [...flipped, ...others]) await tally.run(subject, damage);
    await tally.finish(subject);
    process.stdout.write(`${tally} (a slice of ${cases.length.toLocaleString("en-US")}, SEED=${seed})\n`);
    expect(tally.faults).toEqual([]);
    expect(tally.verdicts).toMatchObject({ silent: 0, broken: 0 });
    expect(tally.verdicts.refused).toBeGreaterThan(SLICE / 4);
  });

  it("that was found by the sweep once stays found", async () => {
    const tally = new Tally();
    const pick = (object: string, way: string, detail = "") => {
      const found = cases.find((damage) => damage.object === object && damage.way === way && damage.detail === detail);
      if (found === undefined) throw new Error(`no case ${object} ${way} ${detail}`);
      return found;
    };
    // A log record that cannot be read, or is gone, may be the one that forgets the newest snapshot.
    await tally.run(subject, pick("log/0000000002", "flipped", "byte 100"));
    await tally.run(subject, pick("log/0000000001", "removed"));
    // An outcome that a later one has seen is missing, not unfinished; a session that is missing is damage to check.
    await tally.run(subject, pick("outcomes/0000000003", "removed"));
    await tally.run(subject, pick("sessions/0000000004", "removed"));
    // A repository without its config is a damaged one, and no place for a new one.
    await tally.run(subject, pick("config", "removed"));
    expect(tally.faults).toEqual([]);
    expect(tally).toMatchObject({ verdicts: { refused: 5 }, checked: { damage: 5 } });
  });

  it("to the version in a pack's trailer is damage to check, not a newer format", async () => {
    const [pack, bytes] = [...subject.storage.objects].find(([name]) => kindOf(name) === "packs")!;
    const changed = bytes.slice();
    changed[bytes.length - 96 + 4]! ^= 2;
    for (const readData of [true, false]) {
      const { findings, error } = await checkAll(subject, new Map([[pack, changed]]), { readData });
      expect(error).toBeUndefined();
      expect(findings.map(({ object }) => object)).toContain(pack);
    }
  });

  it("that hides later sessions behind a hole, however wide, is found by check", async () => {
    const storage = subject.storage.clone();
    await storage.putIfAbsent("sessions/0000000008", storage.objects.get("sessions/0000000004")!);
    await using repository = await openRepository(storage, subject.rootKey, subject.environment);
    const findings: Finding[] = [];
    await check(repository, { onFinding: (finding) => findings.push(finding) });
    const message = expect.stringContaining("is missing although later numbers exist");
    const missing = { kind: "damage", code: "missing", object: "sessions/0000000005", message };
    expect(findings).toContainEqual(expect.objectContaining(missing));
  });

  it("to an outcome costs only what that outcome has added", async () => {
    const removal = cases.find(({ object, way }) => object === "outcomes/0000000002" && way === "flipped")!;
    const storage = new OverlayStorage(subject.storage.objects, removal.changes());
    await using repository = await openRepository(storage, subject.rootKey, subject.environment);
    await repository.refresh();
    const index = await repository.index();
    const known = ([DATA, TREE] as const).flatMap((kind) => index.segments(kind).map(({ name }) => name));
    const all = [...subject.storage.objects.keys()].filter((name) => name.startsWith("index/"));
    expect(known.sort()).toEqual(all.filter((name) => !name.startsWith("index/0000000002-")).sort());
  });

  it("that takes away the newest outcome is noticed by whoever has seen it", async () => {
    const removal = cases.find(({ object, way }) => object === TAIL && way === "removed")!;
    expect(await judge(subject, removal, { thorough: true })).toMatchObject({ kind: "tail" });
    const environment = { ...subject.environment, cacheDirectory: join(scratch.path, "cache") };
    await using warm = await openRepository(subject.storage, subject.rootKey, environment);
    expect((await findSnapshot(warm, "latest")).number).toBe(4);
    const damaged = new OverlayStorage(subject.storage.objects, removal.changes());
    await using rolledBack = await openRepository(damaged, subject.rootKey, environment);
    expect(rolledBack.standing).toMatchObject({ kind: "gone-back", name: TAIL, change: "missing" });
  });

  it("is refused by the program too, which names what check names", async () => {
    const ofProgram = chooseCases(cases, 100, seed);
    const tally = await runCases(subject, choose(ofProgram, 3, seed));
    process.stdout.write(`damage-cli: ${describeTally(tally)}; SEED=${seed}\n`);
    expect(tally.faults).toEqual([]);
  });
});

/** Which lists, of what level, and which contents snapshot 1 has. */
async function treeLevels(): Promise<string[]> {
  const found: string[] = [];
  const info = await findSnapshot(subject.opened, "1");
  for await (const { node } of listEntries(subject.opened, info, undefined)) {
    if (node.subtree !== undefined) found.push(`nodes ${node.subtree.level}`);
    const { content } = node;
    if (content !== undefined) found.push(content.kind === "list" ? `chunks ${content.list.level}` : content.kind);
  }
  return found;
}
