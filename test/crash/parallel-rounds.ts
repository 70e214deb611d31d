/** Four `bcat backup` at once, of four sources and hosts, into one folder and with one cache, round after round. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { findSnapshot, listSnapshots } from "@bcat/snapshot";
import { asProcess, requireClean, requireRestores } from "./client.js";
import { openSiteStorage, reportedNumber, runBcat, type Site, unlockSite } from "./processes.js";
import { type RecordedTree, recordTree } from "./recorded-tree.js";
import type { Scratch } from "./scratch.js";
import { writeGeneration, writeLarge } from "./source-tree.js";

const HOSTS = ["ant", "bee", "cat", "dog"] as const;

/** Runs the rounds; gives the numbers of all snapshots, each of which was restored. @throws Error */
export async function runRounds(scratch: Scratch, rounds: number): Promise<number[]> {
  const site: Site = { repository: scratch.fresh("repository"), cache: scratch.folder("cache") };
  await runBcat(site, ["init"]);
  const sources = HOSTS.map((host) => ({ host, folder: scratch.folder(host) }));
  for (const { folder } of sources) writeGeneration(folder, 1, 1);
  const recorded = new Map<number, { host: string; tree: RecordedTree }>();
  for (let round = 1; round <= rounds; round++) {
    // Half of what is new is new to all four at once: each stores it, and none may rely on another's unfinished work.
    sources.forEach(({ host, folder }) => {
      writeLarge(join(folder, `common-${round}`), { files: 3, fileSize: 700_000, seed: `common ${round}` });
      writeLarge(join(folder, `own-${round}`), { files: 3, fileSize: 700_000, seed: `${host} ${round}` });
    });
    const trees = sources.map(({ folder }) => recordTree(folder));
    const outputs = await Promise.all(
      sources.map(({ host, folder }) => runBcat(site, ["backup", "--json", "--host", host, folder])),
    );
    outputs.forEach((output, i) => {
      const number = reportedNumber(output);
      if (number === undefined || recorded.has(number))
        throw new Error(`round ${round}: number ${number} of ${output}`);
      recorded.set(number, { host: sources[i]!.host, tree: trees[i]! });
    });
  }
  return await restoreAll({ scratch, site, recorded });
}

async function restoreAll(parts: {
  scratch: Scratch;
  site: Site;
  recorded: ReadonlyMap<number, { host: string; tree: RecordedTree }>;
}): Promise<number[]> {
  const { scratch, site, recorded } = parts;
  const rootKey = await unlockSite(site);
  const numbers: number[][] = [];
  for (const cache of [site.cache, undefined]) {
    const client = { label: "restore", cache, location: site.repository };
    await asProcess({ storage: openSiteStorage(site), rootKey, client }, async (repository) => {
      await requireClean(repository, { readData: cache === undefined });
      const snapshots = await listSnapshots(repository);
      numbers.push(snapshots.map(({ number }) => number));
      for (const { number } of snapshots) {
        const snapshot = await findSnapshot(repository, String(number));
        const { host, tree } = recorded.get(snapshot.number)!;
        if (snapshot.snapshot.host !== host)
          throw new Error(`snapshot ${snapshot.number} is of ${snapshot.snapshot.host}`);
        const target = scratch.fresh("restored");
        await requireRestores(repository, { snapshot, target, expected: tree });
        rmSync(target, { recursive: true });
      }
    });
  }
  if (numbers[0]!.join() !== numbers[1]!.join()) throw new Error(`${numbers[0]} with the cache, ${numbers[1]} without`);
  return numbers[0]!;
}
