/** What a prune has freed, what comes free later, and why not now, as lines; of a dry run what would be, in the same figures. */
import type { FileSum, OpenSession, PackSum, PruneSummary } from "@bcat/snapshot";
import { formatBytes, formatItems, formatLocalTime } from "./format.js";
import { quoteName, quoteText } from "./quote.js";
import { formatSpan } from "./span.js";

/** How a line begins; of what was done, or would be. */
interface Wording {
  readonly ended: string;
  readonly taken: string;
  readonly deleted: string;
  readonly givenUp: string;
  readonly copied: string;
  readonly removed: string;
}

const done: Wording = {
  ended: "ended",
  taken: "took",
  deleted: "deleted",
  givenUp: "given up",
  copied: "was copied, which takes that much more room until then",
  removed: "removed",
};

const would: Wording = {
  ended: "would end",
  taken: "would take",
  deleted: "would delete now",
  givenUp: "would give up",
  copied: "would be copied, which needs that much more room first",
  removed: "would remove",
};

export function pruneLines(summary: PruneSummary, { isDryRun }: { readonly isDryRun: boolean }): string[] {
  const words = isDryRun ? would : done;
  return [
    ...summary.ended.map((number) => `${words.ended} session ${number} of this machine, which did not finish`),
    ...summary.decided.map(
      (session) => `${words.taken} ${nameOf(session)} for dead: silent for ${formatSpan(session.silentMs)}`,
    ),
    ...(isDryRun ? unknownLines(summary) : []),
    ...goingLines(summary, words),
    ...stayingLines(summary),
    ...roomLines(summary),
    ...leftoverLines(summary, words),
    ...useLines(summary),
  ];
}

/** What only the run finds out. */
function unknownLines({ ended, decided }: PruneSummary): string[] {
  const count = ended.length + decided.length;
  if (count === 0) return [];
  const which = count === 1 ? "that session has" : "those sessions have";
  return [`what ${which} stored is not in these figures: the run counts it`];
}

/** `deleted: 32.1 MiB (9 packs)`, `given up, the next run deletes it: 7.06 MiB (7 packs)`, and what that is made of. */
function goingLines(summary: PruneSummary, words: Wording): string[] {
  const { freed, freedParity, later, gainBytes } = summary;
  if (freed.packs + later.packs === 0) return ["there is nothing to free"];
  const parity = freedParity === 0 ? "" : `, and ${formatBytes(freedParity)} of their parity`;
  return [
    ...(freed.packs > 0 ? [`${words.deleted}: ${sumText(freed)}${parity}`] : []),
    ...(later.packs > 0 ? [`${words.givenUp}, ${laterText(summary)}: ${sumText(later)}`] : []),
    ...partLines(summary, words),
    `in all that frees ${formatBytes(Math.max(0, gainBytes))}`,
  ];
}

function laterText({ waitsFor }: PruneSummary): string {
  if (waitsFor.length === 0) return "the next run deletes it, or prune --now";
  const names = waitsFor.map((session) => `${nameOf(session)}, ${formatSpan(session.silentMs)}`);
  return `a later run deletes it, waiting for ${names.join("; ")}`;
}

/** The parts add up to what goes, now and later. */
function partLines({ left, condemned, toCopyBytes }: PruneSummary, words: Wording): string[] {
  const { dead, mixed, orphans } = condemned;
  const copied = `of which ${formatBytes(toCopyBytes)} ${words.copied}`;
  const parts = [
    { sum: left, text: `  given up by an earlier run: ${sumText(left)}` },
    { sum: dead, text: `  nothing of it is used: ${sumText(dead)}` },
    { sum: mixed, text: `  a part of it is used: ${sumText(mixed)}, ${copied}` },
    { sum: orphans, text: `  left by backups that did not finish: ${sumText(orphans)}` },
  ].filter(({ sum }) => sum.packs > 0);
  return parts.length > 1 || mixed.packs > 0 ? parts.map(({ text }) => text) : [];
}

function stayingLines({ postponed, spared }: PruneSummary): string[] {
  const until = formatLocalTime(postponed.until).slice(0, 10);
  return [
    ...(postponed.packs > 0 ? [`${sumText(postponed)} later: minimum storage duration until ${until}`] : []),
    ...(spared.packs > 0
      ? [`${sumText(spared)} of a backup that did not finish wait for this machine's next, or go with prune --now`]
      : []),
  ];
}

function roomLines({ neededBytes, reserveLost = 0 }: PruneSummary): string[] {
  return [
    ...(neededBytes === undefined
      ? []
      : [`the disk is full: what is left to free needs room for a copy of about ${formatBytes(neededBytes)} first`]),
    ...(reserveLost > 0
      ? [`the reserve was used: there is no room yet to put ${formatBytes(reserveLost)} of it back`]
      : []),
  ];
}

function leftoverLines({ leftovers }: PruneSummary, words: Wording): string[] {
  const { segments, checkpoints, parity, temporary, young } = leftovers;
  const kinds = [
    ...(segments === 0 ? [] : [formatItems(segments, "index segment")]),
    ...(checkpoints === 0 ? [] : [formatItems(checkpoints, "checkpoint")]),
    ...(parity === 0 ? [] : [`the parity of ${formatItems(parity, "pack")}`]),
  ];
  return [
    ...(kinds.length === 0 ? [] : [`${words.removed} what nothing refers to any more: ${kinds.join(", ")}`]),
    ...(temporary.count === 0
      ? []
      : [`${words.removed} what writes that were cut off have left: ${fileText(temporary)}`]),
    ...(young.count === 0
      ? []
      : [
          `${fileText(young)}, such as ${quoteName(Buffer.from(young.first!))}: a write at work, or one that was cut off; what is a day old is removed, or when no session is open`,
        ]),
  ];
}

function useLines({ usedBytes, unusedBytes, isUnlisted }: PruneSummary): string[] {
  const share = usedBytes + unusedBytes === 0 ? 0 : (100 * unusedBytes) / (usedBytes + unusedBytes);
  const unused =
    unusedBytes < 1
      ? "nothing unused stays"
      : `${formatBytes(Math.round(unusedBytes))} unused stay (${share.toFixed(1)} %)`;
  return [
    `in use after that: ${formatBytes(Math.round(usedBytes))}; ${unused}`,
    ...(isUnlisted ? ["this storage lists nothing: packs that no snapshot ever named were not found"] : []),
  ];
}

function fileText({ count, bytes }: FileSum): string {
  return `${formatItems(count, "file")} (${formatBytes(bytes)})`;
}

function nameOf({ number, host }: OpenSession): string {
  return quoteText(`session ${number} of host ${host}`);
}

function sumText({ packs, bytes }: PackSum): string {
  return `${formatBytes(Math.round(bytes))} (${formatItems(packs, "pack")})`;
}
