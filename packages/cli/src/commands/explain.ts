/** `bcat explain`: why a path is, or is not, in the backup. */
import { lstatSync } from "node:fs";
import { bytesOfText, textOfBytes } from "@bcat/errors";
import { absolutePathBytes, ownFolders, type Site } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { ChoiceOptions, ListedSnapshot } from "@bcat/snapshot";
import { choiceFlags, readChoice } from "../choice-flags.js";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { type Explained, explanationLines, explanationMessage } from "../explanation.js";
import { withRepository } from "../site.js";
import { sourcesOfSnapshot } from "../snapshot-sources.js";
import { readSources, sourceFlags, takesListOnStdin } from "../sources.js";

/** What would be backed up. */
interface Asked {
  readonly sources: readonly Uint8Array[];
  readonly choice: ChoiceOptions;
  /** The snapshot that says so, where the command line does not. */
  readonly from: number | undefined;
}

export const explain: Command = {
  name: "explain",
  summary: "say why a path is, or is not, in the backup, and which snapshot last had it",
  operands: [
    { name: "path", count: "one" },
    { name: "source", count: "many" },
  ],
  flags: {
    ...choiceFlags,
    ...sourceFlags,
    host: { kind: "text", short: "H", description: "whose snapshots to look at instead of those of this host" },
  },
  examples: [
    ["explain ~/work/a.o", "with the sources and flags of the newest snapshot that ~/work is in"],
    ["explain ~/work/a.o ~ --exclude-file ex", "as bcat backup ~ --exclude-file ex would have it"],
  ],
  notes: ["The exit code is 0 whether it is in the backup or not; with --json, the field included tells."],
  takesStdin: ({ options }) => takesListOnStdin(options),
  interrupted: "interrupted",
  async run(context) {
    const { options, output } = context;
    const [typed = "", ...operands] = context.operands;
    const path = await pathOf(typed);
    const isNamed = operands.length > 0 || Object.keys(sourceFlags).some((name) => options.list(name).length > 0);
    const sources = isNamed ? await readSources({ ...context, operands }) : undefined;
    const isChosen = Object.keys(choiceFlags).some((name) => isGiven(context, name));
    const choice = isChosen || isNamed ? await readChoice(context) : undefined;
    return await withRepository(context, async (repository, site) => {
      const explained = await lookAt(path, { repository, site, context, sources, choice });
      if (output.json) output.message(explanationMessage(explained));
      else for (const line of explanationLines(explained)) output.print(line);
      return exitCodes.done;
    });
  },
};

/** Where no entry of such names is, `\\` and `\xNN` in them are what bcat shows for other bytes. */
async function pathOf(typed: string): Promise<Uint8Array> {
  if (!typed.includes("\\")) return absolutePathBytes(typed);
  const { meaningsOf } = await import("@bcat/snapshot");
  const paths = meaningsOf(bytesOfText(typed)).map((path) => absolutePathBytes(textOfBytes(path)));
  return paths.find(isThere) ?? paths.at(-1)!;
}

function isThere(path: Uint8Array): boolean {
  try {
    lstatSync(Buffer.from(path));
    return true;
  } catch {
    return false;
  }
}

interface Parts {
  readonly repository: Repository;
  readonly site: Site;
  readonly context: Context;
  readonly sources: readonly Uint8Array[] | undefined;
  readonly choice: ChoiceOptions | undefined;
}

async function lookAt(path: Uint8Array, parts: Parts): Promise<Explained> {
  const { repository, site, context } = parts;
  const { explain: explainEntry, findLastWith } = await import("@bcat/snapshot");
  await repository.refresh();
  const host = context.options.text("host") ?? site.environment.host;
  const isOfHost = ({ snapshot }: ListedSnapshot) => snapshot.host === host;
  const asked = await askedFor(path, parts, isOfHost);
  const last = await findLastWith(repository, path, isOfHost);
  const explanation =
    asked === undefined
      ? { isIncluded: false, reason: { kind: "outside" } as const, at: path }
      : explainEntry(site.posix, path, {
          ...asked.choice,
          sources: asked.sources,
          ownFolders: ownFolders(site),
        });
  return { path, host, explanation, from: asked?.from, sources: (asked?.sources ?? []).map(withoutSlash), last };
}

/** What the command line says, and where it does not, the newest snapshot of the host that has the path in a source. */
async function askedFor(
  path: Uint8Array,
  { repository, sources, choice }: Parts,
  isOfHost: (info: ListedSnapshot) => boolean,
): Promise<Asked | undefined> {
  if (sources !== undefined) return { sources, choice: choice ?? {}, from: undefined };
  const { findSourceOf, recordedChoice } = await import("@bcat/snapshot");
  const info = await findSourceOf(repository, path, isOfHost);
  if (info === undefined) return undefined;
  const { excludes, options } = info.snapshot;
  return {
    sources: await sourcesOfSnapshot(info),
    choice: choice ?? recordedChoice(excludes, options),
    from: info.number,
  };
}

function withoutSlash(path: Uint8Array): Uint8Array {
  return path.length > 1 && path.at(-1) === 0x2f ? path.subarray(0, -1) : path;
}

function isGiven({ options }: Context, name: string): boolean {
  const { kind } = choiceFlags[name]!;
  if (kind === "list") return options.list(name).length > 0;
  return kind === "text" ? options.text(name) !== undefined : options.switch(name);
}
