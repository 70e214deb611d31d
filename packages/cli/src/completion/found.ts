/** Snapshots and paths inside them, for who types: only where that asks nobody and does not take long. */
import { bytesOfText, textOfBytes } from "@bcat/errors";
import { openSite } from "@bcat/host";
import type { Repository } from "@bcat/repository";
import type { Context } from "../command.js";
import { formatLocalTime } from "../format.js";
import type { Term } from "../paragraphs.js";
import { chooseSecretSource } from "../passphrase.js";
import { quoteName, quoteText } from "../quote.js";
import { siteOf } from "../site.js";

/** How long somebody waits for a word, ms. */
const PATIENCE_MS = 2_000;
/** More nobody reads. */
const WORDS_MAX = 500;

/** The newest first. */
export async function snapshotWords(context: Context): Promise<readonly Term[]> {
  return await inRepository(context, async (repository) => {
    const { listSnapshots } = await import("@bcat/snapshot");
    const all = await listSnapshots(repository, { onDamage: () => {} });
    const words = all
      .toReversed()
      .slice(0, WORDS_MAX)
      .map(({ number, snapshot: { start, host, roots } }) => ({
        term: String(number),
        meaning: `${formatLocalTime(start)} ${quoteText(host)} ${roots.map(({ path }) => quoteName(path)).join(", ")}`,
      }));
    return [{ term: "latest", meaning: "the newest" }, ...words];
  });
}

/** Those in the folder of which `typed` is the beginning of a path; folders end in a slash. */
export async function pathWords(context: Context, selector: string, typed: string): Promise<readonly Term[]> {
  const folder = typed.slice(0, typed.lastIndexOf("/") + 1) || "/";
  return await inRepository(context, async (repository) => {
    const { findSnapshot, listEntries, NodeType } = await import("@bcat/snapshot");
    const snapshot = await findSnapshot(repository, selector.split(":")[0]!);
    const roots = snapshot.snapshot.roots.map(({ path }) => textOfBytes(path));
    const above = new Set(roots.filter((root) => root.startsWith(folder)).map((root) => firstBelow(folder, root)));
    if (above.size > 0) return [...above].map((term) => ({ term, meaning: "" }));
    const words: Term[] = [];
    for await (const { path, node } of listEntries(repository, snapshot, bytesOfText(folder.slice(0, -1)), {
      recursive: false,
    })) {
      const term = `${textOfBytes(path)}${node.type === NodeType.directory ? "/" : ""}`;
      if (term.startsWith(typed) && term !== folder) words.push({ term, meaning: "" });
      if (words.length >= WORDS_MAX) break;
    }
    return words;
  });
}

/** `/home/` of `/` and `/home/me`. */
function firstBelow(folder: string, path: string): string {
  const end = path.indexOf("/", folder.length);
  return end < 0 ? `${path}/` : path.slice(0, end + 1);
}

/** Nothing where a person or a command would have to be asked, and where anything goes wrong. */
async function inRepository(
  context: Context,
  use: (repository: Repository) => Promise<readonly Term[]>,
): Promise<readonly Term[]> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const { kind } = chooseSecretSource(context);
    if (kind === "ask" || kind === "command") return [];
    const site = await siteOf({ ...context, signal });
    await using repository = await openSite(site, { signal });
    return await use(repository);
  } catch {
    return [];
  }
}
