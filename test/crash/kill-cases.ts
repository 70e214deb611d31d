/**
 * `kill -9` of a running `bcat backup`, at a moment that is chosen by what it has written so far: when the repository
 * has grown by a number of files, temporary ones too, or by a number of bytes.
 */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findSnapshot, listSnapshots } from "@bcat/snapshot";
import { soonAs } from "../kit/soon-as.js";
import { asProcess, requireClean, requireRestores } from "./client.js";
import { listFiles, openSiteStorage, reportedNumber, runBcat, type Site, startBcat, unlockSite } from "./processes.js";
import { type RecordedTree, recordTree } from "./recorded-tree.js";
import type { Scratch } from "./scratch.js";
import { writeGeneration, writeLarge } from "./source-tree.js";

/** Temporary files one dead process may leave: what can be on its way at once. */
const TEMPORARY_MAX = 6;

export interface KillWorld {
  readonly scratch: Scratch;
  readonly source: string;
  readonly site: Site;
  readonly rootKey: Uint8Array;
  readonly recorded: ReadonlyMap<number, RecordedTree>;
}

/** The process is killed when the repository has more than `files` new files or `bytes` new bytes. */
export type Moment = { readonly files: number } | { readonly bytes: number };

export interface Killed {
  /** False when the process was done before it could be killed. */
  readonly wasKilled: boolean;
  readonly hasSession: boolean;
  readonly packs: number;
  readonly hasSnapshot: boolean;
  readonly temporary: number;
}

/** Two snapshots of something small; then the source becomes large. */
export async function createKillWorld(scratch: Scratch, largeSize: number): Promise<KillWorld> {
  const source = scratch.folder("source");
  const site = { repository: scratch.fresh("repository"), cache: scratch.folder("cache") };
  const recorded = new Map<number, RecordedTree>();
  await runBcat(site, ["init"]);
  for (const generation of [1, 2] as const) {
    writeGeneration(source, generation, 1);
    recorded.set(generation, recordTree(source));
    await runBcat(site, ["backup", source]);
  }
  const fileSize = 8 * 2 ** 20;
  writeLarge(join(source, "new"), { files: Math.ceil(largeSize / fileSize), fileSize, seed: "large" });
  recorded.set(3, recordTree(source));
  return { scratch, source, site, rootKey: await unlockSite(site), recorded };
}

/** Kills a backup in a copy of the world, and requires of what is left all that is promised. */
export async function runKill(world: KillWorld, moment: Moment): Promise<Killed> {
  const folder = world.scratch.folder("kill");
  try {
    const site = { repository: join(folder, "repository"), cache: join(folder, "cache") };
    cpSync(world.site.repository, site.repository, { recursive: true });
    // The cache remembers which repository is where: a copy elsewhere is like one that was moved.
    cpSync(world.site.cache, site.cache, { recursive: true });
    const killed = await killBackup(world, site, moment);
    await recover(world, { site, folder, killed });
    return killed;
  } catch (error) {
    throw new Error(`kill at ${JSON.stringify(moment)}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function killBackup(world: KillWorld, site: Site, moment: Moment): Promise<Killed> {
  const before = listFiles(site.repository);
  const { child, ended } = startBcat(site, ["backup", "--json", world.source]);
  const seen = new Set<string>();
  const stop = soonAs(
    () => isReached(moment, site, before, seen),
    () => child.kill("SIGKILL"),
  );
  const { signal, output } = await ended.finally(stop);
  const names = [...listFiles(site.repository).keys()].filter((path) => !before.has(path));
  const count = (part: string) => names.filter((path) => path.includes(part) && !path.includes("/.tmp-")).length;
  const killed = {
    wasKilled: signal === "SIGKILL",
    hasSession: count("/sessions/") > 0,
    packs: count("/packs/"),
    hasSnapshot: count("/outcomes/") > 0,
    temporary: names.filter((path) => path.includes("/.tmp-")).length,
  };
  if (reportedNumber(output) !== undefined && !killed.hasSnapshot)
    throw new Error("it reported a snapshot that is not there");
  if (killed.temporary > TEMPORARY_MAX) throw new Error(`it left ${killed.temporary} temporary files`);
  return killed;
}

function isReached(moment: Moment, site: Site, before: ReadonlyMap<string, number>, seen: Set<string>): boolean {
  let bytes = 0;
  for (const [path, size] of listFiles(site.repository)) {
    if (before.has(path)) continue;
    seen.add(path);
    bytes += size;
  }
  return "files" in moment ? seen.size > moment.files : bytes > moment.bytes;
}

async function recover(world: KillWorld, left: { site: Site; folder: string; killed: Killed }): Promise<void> {
  const { site, folder, killed } = left;
  await inspect(world, { site, folder, cache: undefined, from: 3 });
  const found = await inspect(world, { site, folder, cache: site.cache, from: 1 });
  const expected = killed.hasSnapshot ? [1, 2, 3] : [1, 2];
  if (found.join() !== expected.join()) throw new Error(`found snapshots ${found.join(", ")}`);
  const number = reportedNumber(await runBcat(site, ["backup", "--json", world.source]));
  const next = killed.hasSession ? 4 : 3;
  if (number !== next) throw new Error(`the next backup has number ${number}, not ${next}`);
  const later = await inspect(world, { site, folder, cache: undefined, from: next });
  if (later.join() !== [...expected, next].join()) throw new Error(`found snapshots ${later.join(", ")} in the end`);
}

async function inspect(
  world: KillWorld,
  options: { site: Site; folder: string; cache: string | undefined; from: number },
): Promise<number[]> {
  const { site, folder, cache, from } = options;
  const client = { label: "inspect", cache, location: site.repository };
  return await asProcess({ storage: openSiteStorage(site), rootKey: world.rootKey, client }, async (repository) => {
    await requireClean(repository, { readData: false });
    const snapshots = await listSnapshots(repository);
    for (const { number } of snapshots.filter((listed) => listed.number >= from)) {
      const snapshot = await findSnapshot(repository, String(number));
      const target = join(folder, "restored");
      await requireRestores(repository, {
        snapshot,
        target,
        expected: world.recorded.get(Math.min(snapshot.number, 3))!,
      });
      rmSync(target, { recursive: true });
    }
    return snapshots.map(({ number }) => number);
  });
}
