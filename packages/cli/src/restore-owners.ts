/** Whom restored files are to belong to: the flags that say so. */
import { loadKnownOwners } from "@bcat/host";
import type { KnownOwners, OwnerChange, OwnerRules } from "@bcat/snapshot";
import type { Flags, Options } from "./options.js";
import { usageError } from "./usage.js";

export const ownerFlags: Flags = {
  "no-owner": { kind: "switch", description: "set no owners: what is restored belongs to who restores it" },
  "numeric-owner": { kind: "switch", description: "set owners by number, and ask for no name" },
  "ownership-by-name": {
    kind: "switch",
    description: "set owners by name where it is known here, which is the default",
  },
  "owner-map": {
    kind: "list",
    value: "FROM:TO",
    description:
      "FROM:TO, names or numbers: give TO what belongs to FROM; user:FROM:TO and group:FROM:TO for one of both",
  },
};

type Known = NonNullable<OwnerRules["known"]>;

/** No user or group has it: it stands for "leave it". */
const idMax = 0xffff_fffe;

/** @throws BcatError usage */
export function ownersOf(options: Options, known: Known = loadKnownOwners()): OwnerRules {
  const [none, numeric, byName] = ["no-owner", "numeric-owner", "ownership-by-name"].map((name) =>
    options.switch(name),
  );
  if (numeric && byName) throw conflict("--numeric-owner", "--ownership-by-name");
  const changes = options.list("owner-map").map((word) => readChange(word, known));
  if (none && (numeric || byName)) throw conflict("--no-owner", numeric ? "--numeric-owner" : "--ownership-by-name");
  if (none && changes.length > 0) throw conflict("--no-owner", "--owner-map");
  return {
    by: none ? "nobody" : numeric ? "numbers" : "names",
    known,
    users: changes.flatMap(({ user }) => user ?? []),
    groups: changes.flatMap(({ group }) => group ?? []),
  };
}

function conflict(first: string, second: string) {
  return usageError(`Cannot use both ${first} and ${second}: they say different things of one owner`);
}

interface Change {
  readonly user: OwnerChange | undefined;
  readonly group: OwnerChange | undefined;
}

/** Names have no colon. */
function readChange(word: string, known: Known): Change {
  const parts = word.split(":");
  const kind = parts.length === 3 ? parts.shift() : "both";
  const [from = "", to = ""] = parts;
  const isKind = kind === "user" || kind === "group" || kind === "both";
  if (parts.length !== 2 || from === "" || to === "" || !isKind)
    throw usageError(`Cannot use --owner-map ${word}: write FROM:TO, user:FROM:TO or group:FROM:TO`);
  const user = kind === "group" ? undefined : changeOf(from, to, known.users);
  const group = kind === "user" ? undefined : changeOf(from, to, known.groups);
  if (user === undefined && group === undefined)
    throw usageError(`Cannot use --owner-map ${word}: "${to}" is no ${kind === "both" ? "user or group" : kind} here`);
  return { user, group };
}

/** Undefined when nobody here has the name. */
function changeOf(from: string, to: string, known: KnownOwners): OwnerChange | undefined {
  const target = numberOf(to) ?? known.number(to);
  return target === undefined ? undefined : { from: numberOf(from) ?? from, to: target };
}

function numberOf(word: string): number | undefined {
  if (!/^\d{1,10}$/.test(word)) return undefined;
  if (Number(word) > idMax) throw usageError(`Cannot use ${word} as an owner: ${idMax} is the highest number`);
  return Number(word);
}
