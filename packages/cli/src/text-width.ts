/** How many columns of a terminal text takes: as wcwidth(3) of most terminals counts, a code point at a time. */

/** Blocks of East Asian Wide and Fullwidth (Unicode TR 11), without emoji. */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** Marks that stand on the character before, and what is not seen. */
const none = /[\p{Mn}\p{Me}\p{Cf}]/u;
const ELLIPSIS = "…";

/** Columns of text without control characters. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** As much of the beginning as `columns` hold. */
export function cutEnd(text: string, columns: number): string {
  return textWidth(text) <= columns ? text : take(text, columns);
}

/** As much of the end as `columns` hold, behind a `…` where something is missing. */
export function cutStart(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  const end = take([...text].reverse(), columns - 1);
  return columns < 1
    ? ""
    : `${ELLIPSIS}${[...end]
        .reverse()
        .join("")
        .replace(/^[\p{Mn}\p{Me}\p{Cf}]+/u, "")}`;
}

function take(characters: Iterable<string>, columns: number): string {
  let taken = "";
  let left = columns;
  for (const character of characters) {
    left -= characterWidth(character);
    if (left < 0) break;
    taken += character;
  }
  return taken;
}

function characterWidth(character: string): number {
  // Nearly all there is.
  if (character < "\u0300") return 1;
  if (none.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
