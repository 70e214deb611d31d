/** How many columns of a terminal text takes, as wcwidth(3) of most terminals counts, and text cut to so many. */

/** Blocks of East Asian Wide and Fullwidth (Unicode TR 11), without emoji. */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
/** Marks that stand on the character before, and what is not seen. */
const none = /[\p{Mn}\p{Me}\p{Cf}]/u;
const marksAtStart = /^[\p{Mn}\p{Me}\p{Cf}]+/u;
/** Of most texts each character takes one column, and none needs to be looked at. */
const plain = /^[\x20-\x7e]*$/;
const ELLIPSIS = "…";

/** Columns of text without control characters. */
export function textWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** As much of the beginning as `columns` hold. */
export function takeStart(text: string, columns: number): string {
  return textWidth(text) <= columns ? text : take([...text], columns).join("");
}

/** As much of the beginning as `columns` hold, with a `…` behind it where something is missing. */
export function cutEnd(text: string, columns: number): string {
  return textWidth(text) <= columns ? text : `${takeStart(text, columns - 1)}${ELLIPSIS}`;
}

/** As much of the end as `columns` hold, which is what tells paths apart, behind a `…` where something is missing. */
export function cutStart(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 1) return "";
  const end = take([...text].reverse(), columns - 1)
    .reverse()
    .join("");
  return `${ELLIPSIS}${end.replace(marksAtStart, "")}`;
}

/** The text in pieces of at most that many columns, each of one character at least. */
export function foldText(text: string, columns: number): string[] {
  const pieces: string[] = [];
  for (let rest = [...text]; rest.length > 0; ) {
    const count = Math.max(1, take(rest, columns).length);
    pieces.push(rest.slice(0, count).join(""));
    rest = rest.slice(count);
  }
  return pieces;
}

function take(characters: readonly string[], columns: number): string[] {
  let left = columns;
  const end = characters.findIndex((character) => {
    left -= characterWidth(character);
    return left < 0;
  });
  return characters.slice(0, end < 0 ? characters.length : end);
}

function characterWidth(character: string): number {
  // Nearly all there is.
  if (character < "\u0300") return 1;
  if (none.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
