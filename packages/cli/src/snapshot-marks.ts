/** What is to be known of a snapshot at a glance: that it is pinned, partial, or lacks something. */
import type { ListedSnapshot } from "@bcat/snapshot";
import { wrap } from "./paragraphs.js";
import { quoteText } from "./quote.js";

/** What was noted when a snapshot was pinned, empty for nothing; undefined for one that is not pinned. */
export type PinNote = (number: number) => string | undefined;

const marks = [
  { letter: "P", meaning: "partial", has: ({ snapshot }: ListedSnapshot) => !snapshot.complete },
  { letter: "E", meaning: "with errors", has: ({ snapshot }: ListedSnapshot) => snapshot.errors.total > 0 },
  {
    letter: "C",
    meaning: "with files that changed while being read",
    has: ({ snapshot }: ListedSnapshot) => (snapshot.counts.filesChangedWhileRead ?? 0) > 0,
  },
  {
    letter: "+",
    meaning: "pinned",
    has: ({ number }: ListedSnapshot, pinNote: PinNote) => pinNote(number) !== undefined,
  },
] as const;

export function pinCell(note: string | undefined): string {
  if (note === undefined) return "";
  return note === "" ? "yes" : quoteText(note);
}

/** Where there is no room for words. */
export function lettersOf(info: ListedSnapshot, pinNote: PinNote): string {
  return marks.flatMap(({ letter, has }) => (has(info, pinNote) ? [letter] : [])).join("");
}

/** What the letters mean that are used. */
export function markLegend(
  infos: readonly ListedSnapshot[],
  { pinNote = () => undefined }: { readonly pinNote?: PinNote },
  width: number,
): string[] {
  const used = marks.filter(({ has }) => infos.some((info) => has(info, pinNote)));
  return wrap(used.map(({ letter, meaning }) => `${letter} ${meaning}`).join(", "), width);
}
