/**
 * A small backup and a small prune, one system call of which fails, or kills them. What was committed before is whole,
 * nothing is damaged, whoever failed says so by a documented exit code, and the same command then does what it is for.
 */
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "@bcat/repository";
import { check, type Finding, findSnapshot, listSnapshots } from "@bcat/snapshot";
import { asProcess, requireRestores } from "../crash/client.js";
import { openSiteStorage, reportedNumber, runBcat, type Site, unlockSite } from "../crash/processes.js";
import { type RecordedTree, recordTree } from "../crash/recorded-tree.js";
import type { Scratch } from "../crash/scratch.js";
import { seededRandom } from "../crash/seed.js";
import { setTimes } from "../crash/source-tree.js";
import { faults, listTargets, runInto, type SystemFault, type Target, type Victim } from "./strace.js";

const KEY_FILE = join(import.meta.dirname, "../cli/desk.key");
/** `bcat help`; those of a command that was told what it can do, on a repository that is good. */
const DOCUMENTED = [0, 1, 3, 10, 11, 12, 13, 14, 21, 22];
/** Node ends itself when it cannot close a file that it has read as a text (CHECK_EQ in its ReadFileUtf8). */
const ABORTED_AT_CLOSE: Readonly<Record<string, NodeJS.Signals>> = { close: "SIGABRT" };
/** Calls that a full disk refuses. */
const NEEDS_ROOM = /^(?:openat.*O_CREAT|mkdir|p?write|fsync|link|rename)/;

export interface CallWorld {
  readonly scratch: Scratch;
  readonly source: string;
  readonly site: Site;
  readonly rootKey: Uint8Array;
  /** What each snapshot is. */
  readonly recorded: ReadonlyMap<number, RecordedTree>;
  readonly words: readonly string[];
  /** The snapshot that the command makes. */
  readonly makes: number | undefined;
  readonly targets: readonly Target[];
}

export interface CallCase {
  readonly target: Target;
  readonly fault: SystemFault;
}

export interface CallResult {
  /** What was hit; undefined when no call of the program's own was. */
  readonly met: string | undefined;
  readonly code: number | undefined;
}

/** Two snapshots and a source that has changed since; for a prune, three, of which the first was forgotten. */
export async function createCallWorld(scratch: Scratch, command: "backup" | "prune"): Promise<CallWorld> {
  const source = scratch.folder("source");
  const site = { repository: scratch.fresh("repository"), cache: scratch.folder("cache"), keyFile: KEY_FILE };
  const recorded = new Map<number, RecordedTree>();
  await runBcat(site, ["init"]);
  for (const generation of [1, 2, 3] as const) {
    writeSource(source, generation);
    recorded.set(generation, recordTree(source));
    if (generation < 3 || command === "prune") await runBcat(site, ["backup", source]);
  }
  if (command === "prune") {
    await runBcat(site, ["forget", "1"]);
    recorded.delete(1);
  }
  const words =
    command === "prune" ? ["prune", "--now", "--max-unused", "0"] : ["backup", "--json", "--threads", "1", source];
  const makes = command === "prune" ? undefined : 3;
  const world = { scratch, source, site, rootKey: await unlockSite(site), recorded, words, makes };
  const folders: string[] = [];
  const fresh = () => {
    folders.push(scratch.folder("counted"));
    return copyOf(world, folders.at(-1)!);
  };
  const targets = await listTargets(fresh(), fresh);
  for (const folder of folders) rmSync(folder, { recursive: true });
  return { ...world, targets };
}

/** A handful of entries, of which two change from one generation to the next. */
function writeSource(folder: string, generation: number): void {
  const put = (name: string, size: number) =>
    writeFileSync(join(folder, name), seededRandom(`${name} ${generation}`)(size));
  if (generation === 1) {
    mkdirSync(join(folder, "inner"));
    symlinkSync("inner/steady", join(folder, "link"));
    put("inner/steady", 40_000);
  }
  put("changing", 30_000);
  put(`inner/new-${generation}`, 20_000);
  setTimes(folder, generation);
}

export function listCallCases({ targets }: CallWorld): CallCase[] {
  return targets.flatMap((target) =>
    faults.flatMap((fault) => (fault === "ENOSPC" && !NEEDS_ROOM.test(target.text) ? [] : [{ target, fault }])),
  );
}

/** @throws Error that names the case, and what was not as it must be */
export async function runCallCase(world: CallWorld, given: CallCase): Promise<CallResult> {
  const folder = world.scratch.folder("case");
  let met: string | undefined;
  try {
    const victim = copyOf(world, folder);
    const run = await runInto(victim, given);
    // The run had other calls than the one that was counted: the fault has met one of Node's own.
    if (run.met?.includes(victim.folder) !== true) return { met: undefined, code: run.ended.code };
    ({ met } = run);
    const { code, signal, output } = run.ended;
    const isStopped = signal === (given.fault === "SIGKILL" ? "SIGKILL" : ABORTED_AT_CLOSE[given.target.name]);
    if (!isStopped && (code === undefined || !DOCUMENTED.includes(code)))
      throw new Error(`it ended with ${code ?? signal}: ${output}`);
    if (!isStopped && /^ {4}at /m.test(output)) throw new Error(`it failed in a way that nobody foresaw: ${output}`);
    await inspect(world, victim.site, { folder, made: code === 0 ? reportedNumber(output) : undefined });
    await goOn(world, victim.site, folder);
    return { met, code };
  } catch (error) {
    const { thread, name, number, ahead } = given.target;
    const which = `${given.fault} at ${thread} ${name} ${number} (${ahead} ahead; ${met ?? "not met"})`;
    throw new Error(`${world.words[0]}, ${which}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyOf({ site, words }: Pick<CallWorld, "site" | "words">, folder: string): Victim {
  const copy = { ...site, repository: join(folder, "repository"), cache: join(folder, "cache") };
  cpSync(site.repository, copy.repository, { recursive: true });
  cpSync(site.cache, copy.cache, { recursive: true });
  return { site: copy, words, folder: site.repository.slice(0, site.repository.lastIndexOf("/")) };
}

/** The same command, with the cache that is left. */
async function goOn(world: CallWorld, site: Site, folder: string): Promise<void> {
  const output = await runBcat(site, world.words);
  const made = reportedNumber(output);
  if (world.makes !== undefined && made === undefined) throw new Error(`the next one made no snapshot: ${output}`);
  const leftovers = await inspect(world, site, { folder, made });
  if (world.makes === undefined && leftovers.length > 0) throw new Error(`the next prune left ${leftovers.join("; ")}`);
}

/** @param made a snapshot that the command said it has made of the whole source. Gives what belongs to no snapshot. */
async function inspect(
  { rootKey, recorded, makes, words }: CallWorld,
  site: Site,
  { folder, made }: { folder: string; made: number | undefined },
): Promise<string[]> {
  const client = { label: `inspect ${words[0]} ${made}`, cache: undefined, location: site.repository };
  return await asProcess({ storage: openSiteStorage(site), rootKey, client }, async (repository) => {
    const findings = await findAll(repository);
    const damage = findings.filter(({ kind }) => kind === "damage");
    if (damage.length > 0) throw new Error(damage.map(({ message }) => message).join("; "));
    const numbers = (await listSnapshots(repository)).map(({ number }) => number);
    const expected = new Map([...recorded].filter(([number]) => number !== makes));
    if (made !== undefined) expected.set(made, recorded.get(makes!)!);
    for (const [number, tree] of expected) {
      if (!numbers.includes(number)) throw new Error(`snapshot ${number} is gone`);
      const target = join(folder, "restored");
      const snapshot = await findSnapshot(repository, String(number));
      await requireRestores(repository, { snapshot, target, expected: tree });
      rmSync(target, { recursive: true });
    }
    return findings.filter(({ code }) => code === "orphan").map(({ message }) => message);
  });
}

async function findAll(repository: Repository): Promise<Finding[]> {
  const findings: Finding[] = [];
  await check(repository, { readData: true, onFinding: (finding) => findings.push(finding) });
  return findings;
}
