/** What can happen to the objects of a repository, and what restore and check make of it. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { BcatError, isBcatError } from "@bcat/errors";
import { openRepository, type Repository, unlockRepository } from "@bcat/repository";
import { check, type Finding, findSnapshot, restore, type SnapshotInfo } from "@bcat/snapshot";
import { type Changes, OverlayStorage } from "./damage/overlay.js";
import { type Expected, type Failure, readBack, readExpected, toFailure } from "./damage/read-back.js";
import { createWorld, SECRETS, SELECTORS, SNAPSHOTS, TAIL, type World } from "./damage/world.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

/** Lengths an object is cut to, and lengths of ends that are cut off it. */
const LENGTHS = [0, 1, 15, 16, 47, 48];
const CUT_OFF = [97, 96, 17, 1];

export interface DamageCase {
  /** The object that is damaged; of a swap, the first of the two. */
  readonly object: string;
  readonly way: "flipped" | "cut" | "extended" | "removed" | "swapped" | "replaced";
  readonly detail: string;
  readonly changes: () => Changes;
}

/** A whole repository, what it must give back, and another one of the same kind. */
export interface Subject extends World {
  readonly folder: string;
  readonly expected: ReadonlyMap<number, Expected>;
  readonly other: World;
  /** The whole repository, opened and up to date. Opening it has read no pack. */
  readonly opened: Repository;
  /** Packs that the restore of each snapshot reads while nothing is damaged. */
  readonly packs: ReadonlyMap<number, ReadonlySet<string>>;
}

export async function createSubject(folder: string): Promise<Subject> {
  const world = await createWorld(join(folder, "one"), "one");
  const other = await createWorld(join(folder, "other"), "other");
  const storage = new OverlayStorage(world.storage.objects, new Map());
  const opened = await openRepository(storage, world.rootKey, world.environment);
  await opened.refresh();
  if ([...storage.read].some(isPack)) throw new Error("opening reads packs, so it cannot be shared by cases of packs");
  const expected = new Map<number, Expected>();
  const packs = new Map<number, ReadonlySet<string>>();
  for (const number of SNAPSHOTS) {
    const reading = new OverlayStorage(world.storage.objects, new Map());
    const repository = opened.withStorage(reading);
    const info = await findSnapshot(repository, String(number));
    expected.set(number, await readExpected(repository, info));
    packs.set(number, new Set([...reading.read].filter(isPack)));
    const { succeeded, differences } = await restoreInto({ ...world, folder }, repository, info);
    if (!succeeded || differences.length > 0) throw new Error(`the whole one: ${differences.join("; ")}`);
  }
  return { ...world, folder, expected, other, opened, packs };
}

function isPack(name: string): boolean {
  return name.startsWith("packs/");
}

/** Kinds of objects: those of one kind can be taken for one another. */
export function kindOf(name: string): string {
  return name.split("/")[0]!;
}

/** All cases. Which bit of a byte is flipped depends on `rotation`. */
export function listCases({ storage: { objects }, other }: Subject, rotation: number): DamageCase[] {
  const cases: DamageCase[] = [];
  const add = (object: string, way: DamageCase["way"], detail: string, change: () => Uint8Array | undefined) =>
    cases.push({ object, way, detail, changes: () => new Map([[object, change()]]) });
  // Offset by offset, so that cases that follow one another damage different objects.
  const size = Math.max(...[...objects.values()].map(({ length }) => length));
  for (let offset = 0; offset < size; offset++) {
    for (const [name, bytes] of objects) {
      if (offset >= bytes.length) continue;
      add(name, "flipped", `byte ${offset}`, () => flip(bytes, offset, (offset + rotation) % 8));
    }
  }
  for (const [name, bytes] of objects) {
    for (const length of cutLengths(bytes.length)) add(name, "cut", `to ${length}`, () => bytes.subarray(0, length));
    add(name, "extended", "by a byte", () => Buffer.concat([bytes, Uint8Array.of(rotation % 256)]));
    add(name, "removed", "", () => undefined);
  }
  for (const [name, bytes] of objects) {
    for (const [second, secondBytes] of objects) {
      if (kindOf(second) !== kindOf(name) || second <= name) continue;
      const changes = new Map([
        [name, secondBytes],
        [second, bytes],
      ]);
      cases.push({ object: name, way: "swapped", detail: `with ${second}`, changes: () => changes });
    }
    for (const [foreign, foreignBytes] of other.storage.objects) {
      if (kindOf(foreign) === kindOf(name)) add(name, "replaced", `by a foreign ${foreign}`, () => foreignBytes);
    }
  }
  return cases;
}

function cutLengths(size: number): number[] {
  const lengths = [...LENGTHS, Math.floor(size / 2), ...CUT_OFF.map((end) => size - end)];
  return [...new Set(lengths)].filter((length) => length >= 0 && length < size);
}

function flip(bytes: Uint8Array, offset: number, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[offset]! ^= 1 << bit;
  return flipped;
}

export interface Verdict {
  /**
   * `tail`: the newest outcome is gone, which only a client that has seen it can notice. `silent` and `broken` must not
   * happen: wrong bytes or entries with success, and an error that no caller can handle.
   */
  readonly kind: "right" | "refused" | "silent" | "tail" | "broken";
  readonly failures: readonly Failure[];
  readonly wrong: readonly string[];
}

export interface JudgeOptions {
  /**
   * Opens the repository anew and restores all snapshots even where only packs are damaged, which opening does not read,
   * nor the restore of a snapshot that has nothing in them.
   */
  readonly thorough: boolean;
}

/** Restores from the damaged repository. */
export async function judge(subject: Subject, damage: DamageCase, { thorough }: JudgeOptions): Promise<Verdict> {
  const changes = damage.changes();
  const failures: Failure[] = [];
  const wrong: string[] = [];
  try {
    const ofPacks = [...changes.keys()].every(isPack) && !thorough;
    if (kindOf(damage.object) === "keys") await unlockAll(subject, changes, { failures, wrong });
    else await (ofPacks ? restoreAffected : restoreAll)(subject, changes, { failures, wrong });
  } catch (error) {
    const stack = error instanceof Error ? error.stack : String(error);
    return { kind: "broken", failures, wrong: [`not for callers: ${stack}`] };
  }
  const isTail = damage.way === "removed" && damage.object === TAIL;
  if (wrong.length > 0) return { kind: isTail ? "tail" : "silent", failures, wrong };
  return { kind: failures.length > 0 ? "refused" : "right", failures, wrong };
}

interface Findings {
  readonly failures: Failure[];
  readonly wrong: string[];
}

/** As restore does, for each snapshot and each way to name one. @throws what is no BcatError */
async function restoreAll(subject: Subject, changes: Changes, findings: Findings): Promise<void> {
  const { failures } = findings;
  const storage = new OverlayStorage(subject.storage.objects, changes);
  await attempt(failures, async () => {
    await using repository = await openRepository(storage, subject.rootKey, subject.environment);
    const done = new Set<number>();
    for (const selector of Object.keys(SELECTORS)) {
      await attempt(failures, () => restoreOne(subject, { repository, selector, done }, findings));
    }
  });
}

/** Restores the snapshots that have something in the packs that are changed. @throws what is no BcatError */
async function restoreAffected(subject: Subject, changes: Changes, findings: Findings): Promise<void> {
  const storage = new OverlayStorage(subject.storage.objects, changes);
  const repository = subject.opened.withStorage(storage);
  for (const [number, packs] of subject.packs) {
    if (![...changes.keys()].some((name) => packs.has(name))) continue;
    const restoring = { repository, selector: String(number), done: new Set<number>() };
    await attempt(findings.failures, () => restoreOne(subject, restoring, findings));
  }
}

async function restoreOne(
  subject: Subject,
  restoring: { readonly repository: Repository; readonly selector: string; readonly done: Set<number> },
  { failures, wrong }: Findings,
): Promise<void> {
  const { repository, selector, done } = restoring;
  const number = SELECTORS[selector]!;
  const info = await findSnapshot(repository, selector);
  if (info.number !== number) wrong.push(`${selector} is ${info.number}, not ${number}`);
  const expected = subject.expected.get(info.number);
  if (expected === undefined || done.has(info.number)) return;
  done.add(info.number);
  const reading = await readBack(repository, info, expected);
  failures.push(...reading.failures);
  wrong.push(...reading.wrong.map((what) => `snapshot ${info.number}: ${what}`));
}

/** Key slots are read by unlocking only. @throws what is no BcatError */
async function unlockAll(subject: Subject, changes: Changes, { failures, wrong }: Findings): Promise<void> {
  const storage = new OverlayStorage(subject.storage.objects, changes);
  for (const secret of SECRETS) {
    await attempt(failures, async () => {
      const { rootKey } = await unlockRepository(storage, secret, subject.environment);
      if (Buffer.compare(rootKey, subject.rootKey) !== 0) wrong.push("another root key");
    });
  }
}

async function attempt(failures: Failure[], action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof BcatError)) throw error;
    failures.push(toFailure(error));
  }
}

/** What check says of a damaged repository: findings, or the error that ended it. */
export interface Checked {
  readonly findings: readonly Finding[];
  readonly error: BcatError | undefined;
}

/** Checks, with all data unless told otherwise, as a process of its own would. @throws what is no BcatError */
export async function checkAll(
  subject: Subject,
  changes: Changes,
  { readData } = { readData: true },
): Promise<Checked> {
  const storage = new OverlayStorage(subject.storage.objects, changes);
  const findings: Finding[] = [];
  try {
    await using repository = await openRepository(storage, subject.rootKey, subject.environment);
    const onFinding = (finding: Finding) => {
      if (finding.kind === "damage") findings.push(finding);
    };
    await check(repository, { readData, onFinding });
    return { findings, error: undefined };
  } catch (error) {
    if (!(error instanceof BcatError)) throw error;
    return { findings, error };
  }
}

/** Names of objects in a text. */
export function namesIn(text: string): string[] {
  const name =
    /config|(?:keys\/\d+|(?:sessions|outcomes|log)\/\d{10}|index\/\d{10}-[0-9a-f]{32}|packs\/[0-9a-f]{2}\/\d{10}-[0-9a-f]{32})/g;
  return text.match(name) ?? [];
}

/** Objects a failure blames: the one it has as a field, or else the first its message names. */
export function blamed({ object, message }: Failure): string | undefined {
  return object ?? namesIn(message)[0];
}

/** How check answers a refusal: by damage of the same object, or by failing as restore did. */
export function agreement(
  verdict: Verdict,
  checked: Checked,
): { readonly how: "damage" | "same error"; readonly unnamed: string[] } {
  const { findings, error } = checked;
  const named = new Set(findings.flatMap(({ object, message }) => [object, ...namesIn(message)]));
  const isDamage = error === undefined || isBcatError(error, "corrupt");
  if (error !== undefined) for (const name of namesIn(error.message)) named.add(name);
  const unnamed = verdict.failures
    .filter((failure) => !named.has(blamed(failure) ?? "no object"))
    .map((failure) => `${failure.message} (blames ${blamed(failure)})`);
  return { how: isDamage ? "damage" : "same error", unnamed };
}

export interface Restored {
  readonly succeeded: boolean;
  /** From the source, where it succeeded. */
  readonly differences: readonly string[];
}

/** The real restore of a snapshot of a damaged repository, into a fresh folder. @throws what is no BcatError */
export async function restoreForReal(subject: Subject, damage: DamageCase, selector: string): Promise<Restored> {
  const storage = new OverlayStorage(subject.storage.objects, damage.changes());
  try {
    await using repository = await openRepository(storage, subject.rootKey, subject.environment);
    return await restoreInto(subject, repository, await findSnapshot(repository, selector));
  } catch (error) {
    if (!(error instanceof BcatError)) throw error;
    return { succeeded: false, differences: [] };
  }
}

async function restoreInto(
  { folder, posix, sources }: Pick<Subject, "folder" | "posix" | "sources">,
  repository: Repository,
  info: SnapshotInfo,
): Promise<Restored> {
  const target = join(folder, "restored");
  try {
    const { errors } = await restore(repository, posix, info, "all", Buffer.from(target), {});
    if (errors > 0) return { succeeded: false, differences: [] };
    const comparison = await compareTrees(sources.get(info.number)!, target, { ignoreTopTime: true });
    return { succeeded: true, differences: describeDifferences(comparison) };
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}
