/** What heals damage, by the kind of the object that is damaged. */

const kinds = {
  packs: "pack",
  index: "segment",
  outcomes: "outcome",
  sessions: "session",
  log: "log record",
  partial: "partial",
  keys: "key slot",
  config: "config",
  registers: "copy of a register",
  parity: "parity",
} as const;

export type ObjectKind = (typeof kinds)[keyof typeof kinds];

/** What an object is, by its name; undefined for a stranger. */
export function objectKindOf(name: string): ObjectKind | undefined {
  const [folder = ""] = name.split("/");
  return Object.hasOwn(kinds, folder) ? kinds[folder as keyof typeof kinds] : undefined;
}

/** Of an object that no other can be written in place of. */
const FROM_COPY = "put it back from a copy of the repository";
/** Of chunks that no segment names any more: what a backup reads, it looks up. */
export const READ_ALL = "bcat backup --force";
/** Of what lies in a pack that is condemned already. */
export const BACK_UP =
  "bcat backup, if the source still has it; else bcat repair --from REPO, or bcat repair snapshots";

/** Of a pack, for who cannot see whether it is condemned already. */
export function remedyWithoutKeys(object: string): string {
  const remedy = remedyFor(object);
  return objectKindOf(object) === "pack" ? `${remedy}; where that was done, bcat prune removes it` : remedy;
}

/** The command that heals damage of `object`, or words where there is none; of no object: of chunks that lie nowhere. */
export function remedyFor(object: string | undefined): string {
  if (object === undefined) return READ_ALL;
  const kind = objectKindOf(object);
  if (kind === "pack") return `bcat repair packs ${object}`;
  if (kind === "segment") return "bcat repair index";
  if (kind === "parity") return `bcat repair parity ${object}`;
  return FROM_COPY;
}
