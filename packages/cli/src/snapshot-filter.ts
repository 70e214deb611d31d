/** Which snapshots are meant: those of a list, or those that `latest` is the newest of. */
import { absolutePathBytes } from "@bcat/host";
import type { FindSnapshotOptions, ListedSnapshot } from "@bcat/snapshot";
import { type Flags, type Options, splitList } from "./options.js";
import { usageError } from "./usage.js";

/** For commands that take one snapshot. */
export const latestFlags: Flags = {
  host: { kind: "list", short: "H", description: "latest is the newest of this host" },
  tag: { kind: "list", description: "latest is the newest with this tag, or with all of several with commas between" },
  path: { kind: "list", bytes: true, description: "latest is the newest of this path" },
};

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
