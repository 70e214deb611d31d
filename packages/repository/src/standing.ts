/**
 * How a repository stands to what its client remembers: of this place, and, where the client has not written to it yet,
 * of the other places where it has met the repository. One that is older is read all the same: a copy of last night, or a
 * disk restored from one, is what somebody needs then. But it is not written to: that would fork its history.
 *
 * A place that this client has written to is judged by itself alone. So a copy, also one that was forked on purpose,
 * changes nothing for the original.
 */
import { BcatError } from "@bcat/errors";
import { type Change, compareOutcome, type Source } from "./freshness.js";
import { createFolderIndexStore } from "./index-store.js";
import { openManifest } from "./manifest.js";
import type { OtherPlace, Places } from "./places.js";
import { partsOf, type Repository } from "./repository.js";

export type Standing = { readonly kind: "current" } | Older;

/** What was looked for and not found as it was. */
export interface LostRegister {
  readonly name: string;
  readonly change: Change;
}

export interface Older extends LostRegister {
  /** Gone back: it was newer here before. Behind: it is newer in another place. */
  readonly kind: "gone-back" | "behind";
  readonly location: string;
  /** Where it is newer. */
  readonly other: string | undefined;
  /** The user has said to go on from here. */
  readonly isAccepted: boolean;
}

export const CURRENT: Standing = { kind: "current" };

/** Looks whether the repository is behind what was seen of it in other places. @throws StorageError */
export async function compareWithOthers(
  source: Source,
  places: Places,
  { location, isAccepted }: { readonly location: string; readonly isAccepted: boolean },
): Promise<Standing> {
  for (const place of judges(places.others())) {
    const [newest] = readManifest(source, place)?.seen ?? [];
    if (newest === undefined) continue;
    const found = await compareOutcome(source, newest);
    if (found.kind !== "lost") continue;
    const { name, change } = found;
    return { kind: "behind", name, change, location, other: place.location, isAccepted };
  }
  return CURRENT;
}

/** Where this client writes counts, if it does anywhere; a fork never does. */
function judges(others: readonly OtherPlace[]): OtherPlace[] {
  const own = others.filter(({ role }) => role === "own");
  return own.length > 0 ? own : others.filter(({ role }) => role === "seen");
}

function readManifest({ context }: Source, { folder }: OtherPlace) {
  const bytes = createFolderIndexStore(folder, () => "unused").readManifest();
  return bytes === undefined ? undefined : openManifest(context, bytes);
}

/** A line for who reads; undefined when there is nothing to say. */
export function describeStanding(standing: Standing): string | undefined {
  if (standing.kind === "current") return undefined;
  const next = standing.isAccepted
    ? "going on from what is here: from now on this is a history of its own"
    : "reading what is here";
  return `${describe(standing)}; ${next}`;
}

/** What is about to be written to. */
export interface Written {
  readonly standing: Standing;
  readonly places: Places;
  /** Where the registers are, if elsewhere: all places of the repository would share them. */
  readonly registers?: unknown;
}

/**
 * @throws BcatError identity-changed when writing would fork a history, and nobody has said that it may; or when it would
 *   with registers that another place goes on with
 */
export function refuseFork({ standing, places, registers }: Written): void {
  if (registers !== undefined) refuseToShare(standing, places);
  if (standing.kind === "current" || standing.isAccepted) return;
  const instead = standing.other === undefined ? "" : `back up into "${standing.other}"; or, `;
  const wayOn = `${instead}if it is to go on from here, stop what copies into it or out of it (the next rsync would overwrite one history with the other), then back up or repair once with --accept-rollback`;
  throw new BcatError(
    "identity-changed",
    `Cannot write into the repository: ${describe(standing)}; writing would fork its history: ${wayOn}`,
  );
}

/** @throws BcatError identity-changed for a repository into which nothing may be written, as {@link refuseFork} */
export function requireWritable(repository: Repository): void {
  refuseFork(partsOf(repository));
}

/** From now on this place is judged by itself. */
export function becomeOwn({ places, standing }: Written): void {
  if (standing.kind === "behind") places.become("fork");
  else if (places.role === "seen") places.become("own");
}

/** @throws BcatError identity-changed for a repository that lacks what this client has seen of it, or that it does not use */
export function refuseRepairFrom(repository: Repository): void {
  const { standing, places } = partsOf(repository);
  refuseToShare(standing, places);
}

/** A history cannot fork whose registers are elsewhere: there is one table, which goes on from the newest. */
function refuseToShare(standing: Standing, places: Places): void {
  const refused = (found: string) =>
    new BcatError(
      "identity-changed",
      `Cannot write into the repository: ${found}; a copy of one with registers elsewhere is only read`,
    );
  if (standing.kind !== "current")
    throw refused(`${describe(standing)}: bring it up to date from a place that has it all`);
  const own = places.role === "seen" ? places.others().find(({ role }) => role === "own") : undefined;
  if (own === undefined) return;
  const moved = `if it was moved here, remove ${own.folder}, a part of the cache`;
  throw refused(`this machine backs up into "${own.location}" with the same registers: ${moved}`);
}

function describe(standing: Older): string {
  const { kind, name, change, location, other } = standing;
  const found = change === "missing" ? "is missing" : "is another";
  if (kind === "behind") {
    const how = change === "missing" ? `is behind "${other}"` : `has another history than "${other}"`;
    return `the copy in "${location}" ${how}: "${name}" was seen there and ${found} here`;
  }
  return `the repository in "${location}" was replaced or went back in time: "${name}" was there before and ${found} now`;
}
