/** Whether the place of a repository is what bcat needs, found out by using it. */
import { existsSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BcatError } from "@bcat/errors";
import type { ProbeOptions, ProbeReport } from "@bcat/storage";
import { random } from "./environment.js";
import type { Place } from "./place.js";
import type { Site } from "./site.js";

/** What to do about a place that does not keep writers apart. */
export const wayToSeveralWriters =
  "have the registers elsewhere with --registers (a folder that all writers share, a bucket, or a PostgreSQL database), " +
  "or create it with --single-writer if never more than one backup runs at a time";

/** @throws StorageError when the place does not answer well enough to tell */
export async function probePlace(
  { place, storage }: Site,
  options: Pick<ProbeOptions, "form" | "onCheck">,
): Promise<ProbeReport> {
  const { probeStorage } = await import("@bcat/storage");
  const id = Buffer.from(random(8)).toString("hex");
  const missing = place.kind === "folder" ? missingFolders(place.path) : [];
  try {
    return await probeStorage(storage, { ...options, id, random, now: () => performance.now() });
  } finally {
    if (place.kind === "folder") await removeProbeFolders(place.path, id, missing);
  }
}

/** `path` and those above it that do not exist, from the deepest up. */
export function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder) && dirname(folder) !== folder; folder = dirname(folder))
    missing.push(folder);
  return missing;
}

/** Of the probe `id` in the folder `path`; those that were `missing` go too. */
export async function removeProbeFolders(path: string, id: string, missing: readonly string[]): Promise<void> {
  const made = [`probe/${id}/list`, `probe/${id}`, "probe"].map((folder) => join(path, folder));
  // In order, and only what is empty: others may be probing.
  for (const folder of [...made, ...missing]) await rmdir(folder).catch(() => {});
}

export interface FitOptions {
  /** Writers are kept apart in another way: there is only one at a time, or their registers live elsewhere. */
  readonly areApart: boolean;
}

/**
 * Looks at a place before a repository is made in it. A folder is taken as it is: link(2) says what it does.
 *
 * @throws {BcatError} with code "conditions-not-met"
 */
export async function refuseUnfit(site: Site, { areApart }: FitOptions): Promise<void> {
  const { place } = site;
  if (place.kind === "folder") return;
  const { findings, isUsable, keepsWritersApart, left } = await probePlace(site, { form: "quick" });
  if (left > 0)
    site.onNotice(
      `up to ${left} objects below probe/ may be left in ${place.location}: remove them by hand`,
      "probe-leftovers",
    );
  if (isUsable && (keepsWritersApart || areApart)) return;
  const bad = findings.filter(({ verdict }) => verdict === "bad").map(({ check, found }) => `${check}: ${found}`);
  const what = isUsable ? "the place does not keep writers apart" : "the place does not keep what it is given";
  throw unfit(place, `${what} (${bad.join("; ")})${isUsable ? `; ${wayToSeveralWriters}` : ""}`);
}

function unfit({ location }: Place, found: string): BcatError {
  return new BcatError("conditions-not-met", `Cannot create a repository in "${location}": ${found}`);
}
