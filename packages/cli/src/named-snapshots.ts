/** The snapshots that a command is to work on: those that are named, or those of a list that flags narrow. */
import { CorruptError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import type { ListedSnapshot } from "@bcat/snapshot";
import type { Context } from "./command.js";
import { type Flags, onlyTyped } from "./options.js";
import { createFilter, latestAmong, noneFound } from "./snapshot-filter.js";

export const choosingFlags: Flags = onlyTyped({
  host: { kind: "list", short: "H", description: "only those of this host" },
  tag: { kind: "list", description: "only those with this tag, or with all of several with commas between" },
  path: { kind: "list", bytes: true, description: "only those of this path" },
});

export interface FoundSnapshots {
  /** In the order of their numbers, each once. */
  readonly found: readonly ListedSnapshot[];
  /** How many there are that the flags leave out. */
  readonly others: number;
  /** What could not be read of a list. */
  readonly damage: readonly string[];
}

/**
 * Those that the operands name, or all that fit the flags.
 *
 * @param withPartial a list has what was kept of backups that did not end, too
 * @throws BcatError usage, before `repository` is asked for anything; not-found
 */
export async function findSnapshots(
  repository: Repository,
  { operands, options }: Pick<Context, "operands" | "options">,
  { withPartial = false } = {},
): Promise<FoundSnapshots> {
  const { findSnapshot, listSnapshots } = await import("@bcat/snapshot");
  if (operands.length === 0) {
    const damage: string[] = [];
    const all = await listSnapshots(repository, { withPartial, onDamage: ({ message }) => damage.push(message) });
    const found = all.filter(createFilter(options));
    return { found, others: all.length - found.length, damage };
  }
  const found = new Map<number, ListedSnapshot>();
  for (const selector of operands) {
    const info = await findSnapshot(repository, selector, { among: latestAmong(options, selector) });
    found.set(info.number, info);
  }
  return { found: [...found.values()].sort((a, b) => a.number - b.number), others: 0, damage: [] };
}

/** The same for who cannot go on without some. @throws CorruptError */
export async function chooseSnapshots(
  repository: Repository,
  context: Pick<Context, "operands" | "options" | "output">,
): Promise<readonly ListedSnapshot[]> {
  const { found, others, damage } = await findSnapshots(repository, context);
  if (damage.length > 0) throw new CorruptError(`Cannot list all snapshots: ${damage.join("; ")}`);
  if (found.length === 0 && others > 0 && !context.output.quiet) context.output.note(noneFound(others));
  return found;
}

/** Looks at the operands before a repository is opened. @throws BcatError usage */
export async function checkSelectors({ operands, options }: Pick<Context, "operands" | "options">): Promise<void> {
  const { parseSelector } = await import("@bcat/snapshot");
  for (const selector of operands) {
    parseSelector(selector);
    latestAmong(options, selector);
  }
}
