/** What a storage holds and does not give out before it is thawed: which objects, and what to do. */
import { ArchivedError, objectPlaceholder } from "@bcat/errors";
import type { ArchivedObjects, Repository } from "@bcat/repository";
import type { Context } from "./command.js";
import { formatItems } from "./format.js";

/** Names printed without `--verbose`. */
const namesShown = 20;

/** What a repository is opened with. */
const everythingElse = "all else but packs: config, and what is below keys/, sessions/, outcomes/, log/ and index/";

export interface ArchivedParts {
  readonly repository: Repository;
  /** Given to `run`, and complete when it is over: with the packs of trees, of which one leads to the others. */
  readonly archived: ArchivedObjects;
  readonly command: "check" | "restore";
}

/**
 * Runs what notes in `archived` what it meets, and lists that on stderr, however it has ended.
 *
 * @param isMissed whether anything that was wanted could not be had; else only `--verbose` lists
 */
export async function listingArchived<Result>(
  parts: ArchivedParts,
  context: Context,
  { run, isMissed }: { readonly run: () => Promise<Result>; readonly isMissed: (result: Result) => boolean },
): Promise<Result> {
  const { archived } = parts;
  try {
    const result = await run();
    if (isMissed(result) || context.options.count("verbose") > 0)
      printArchived(parts, await findTrees(parts, context), context);
    return result;
  } catch (error) {
    if (!(error instanceof ArchivedError)) throw error;
    printArchived(parts, await findTrees(parts, context), context);
    const { output } = context;
    if (output.json)
      output.note(JSON.stringify({ message_type: "archived", code: "archived", ...archivedFields(archived) }));
    throw error;
  }
}

/** The fields of a summary, when there is something archived. */
export function archivedFields(archived: ArchivedObjects): object {
  const { names, remedy } = archived;
  return names.length === 0 ? {} : { archived_objects: names, archived_remedy: remedy };
}

/** What to do about an error, for the end of its message. */
export function remedyOf(error: unknown): string {
  if (!(error instanceof ArchivedError)) return "";
  const { object, remedy } = error;
  const others = object.startsWith("packs/") ? "" : `; so must be ${everythingElse}`;
  return `; to have it thawed: ${remedy.replace(objectPlaceholder, object)}${others}`;
}

async function findTrees({ repository, archived }: ArchivedParts, { signal }: Context): Promise<number> {
  if (archived.count === 0) return 0;
  const { findArchivedTrees } = await import("@bcat/snapshot");
  return await findArchivedTrees(repository.withArchived(archived).withSignal(signal), archived);
}

/** @param trees how many are packs of trees: what is needed below these is not known */
export function printArchived(
  { archived, command }: Pick<ArchivedParts, "archived" | "command">,
  trees: number,
  { output, options }: Pick<Context, "output" | "options">,
): void {
  const { names, remedy = "" } = archived;
  if (names.length === 0 || output.json) return;
  const shown = options.count("verbose") > 0 ? names : names.slice(0, namesShown);
  const [are, them] = names.length === 1 ? ["is", "it"] : ["are", "them"];
  output.complain(`${formatItems(names.length, "object")} ${are} archived, and the storage does not give ${them} out:`);
  for (const name of shown) output.note(`  ${name}`);
  if (shown.length < names.length) output.note(`  and ${names.length - shown.length} more: -v or --json lists all`);
  output.complain(`to have ${them} thawed, with each name for ${objectPlaceholder}: ${remedy}`);
  const more = trees === 0 ? "" : `; folders are in ${them}, so more may be archived that is not known yet`;
  const again =
    command === "restore" ? "restore --overwrite if-changed, which goes on with this one" : `${command} again`;
  output.complain(`when that is done, hours later, run bcat ${again}${more}`);
}
