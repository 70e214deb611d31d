/** Which snapshots are meant: those of a list, or those that `latest` is the newest of. */
import { absolutePathBytes } from "@bcat/host";
import type { FindSnapshotOptions, ListedSnapshot } from "@bcat/snapshot";
import { formatItems } from "./format.js";
import { type Flags, type Options, onlyTyped, splitList } from "./options.js";
import { usageError } from "./usage.js";

/** For commands that take one snapshot. */
export const latestFlags: Flags = onlyTyped({
  host: { kind: "list", short: "H", description: "latest is the newest of this host" },
  tag: { kind: "list", description: "latest is the newest with this tag, or with all of several with commas between" },
  path: { kind: "list", bytes: true, description: "latest is the newest of this path" },
});

/** For commands that change all snapshots that fit. */
export const filterFlags: Flags = onlyTyped({
  host: { kind: "list", description: "only those of this host" },
  tag: {
    kind: "list",
    mayBeEmpty: true,
    description: "only those with this tag, or with all of several with commas between; '' for none",
  },
  path: { kind: "list", bytes: true, description: "only those of this path" },
});

/** The same where `-H` is free. */
export const filterFlagsWithLetter: Flags = { ...filterFlags, host: { ...filterFlags.host!, short: "H" } };

/** As restic: one of the hosts, all tags of one of the flags, and all paths. */
export function createFilter(options: Options): (info: ListedSnapshot) => boolean {
  const hosts = options.list("host");
  const tags = options.list("tag").map(splitList);
  const isMeant = (own: readonly string[], all: readonly string[]) =>
    all.join() === "" ? own.length === 0 : all.every((tag) => own.includes(tag));
  const paths = options.list("path").map((path) => Buffer.from(absolutePathBytes(path)));
  return ({ snapshot }) =>
    (hosts.length === 0 || hosts.includes(snapshot.host)) &&
    (tags.length === 0 || tags.some((all) => isMeant(snapshot.tags, all))) &&
    paths.every((path) => snapshot.roots.some((root) => path.equals(root.path)));
}

/** What to say where nothing is chosen, of this many others. */
export function noneFound(others: number): string {
  return others === 0 ? "no snapshots" : `none match (${formatItems(others, "other")})`;
}

/** Whose `latest` is meant. @throws BcatError usage when a number leaves nothing to choose */
export function latestAmong(options: Options, selector: string): FindSnapshotOptions["among"] {
  const names = Object.keys(latestFlags);
  if (selector.startsWith("latest")) {
    const given = names.flatMap((name) => options.list(name).map((value) => `${name} "${value}"`));
    return given.length === 0 ? undefined : { has: createFilter(options), what: given.join(", ") };
  }
  const typed = names.find((name) => options.isTyped(name));
  if (typed === undefined) return undefined;
  throw usageError(`Cannot use --${typed} with snapshot "${selector}": it says whose latest is meant`);
}
