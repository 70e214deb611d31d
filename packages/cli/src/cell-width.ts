/** How many columns of a terminal a text takes, and texts cut to a width (Unicode Standard Annex 11, in its large ranges). */

const nothing = /\p{Mn}|\p{Me}|[\u200b\u200c\u2060]|\u200d/u;
const double =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Of most texts each character takes one column, and none needs to be looked at. */
const plain = /^[\x20-\x7e]*$/;

export function cellWidth(text: string): number {
  if (plain.test(text)) return text.length;
  return [...text].reduce((sum, character) => sum + characterWidth(character), 0);
}

function characterWidth(character: string): number {
  if (nothing.test(character)) return 0;
  return double.test(character) ? 2 : 1;
}

/** The end of a text, which is what tells paths apart, with `…` for what is left out. */
export function cutStart(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  return `…${[...takeWidth([...text].reverse(), width - 1)].reverse().join("")}`;
}

/** The beginning of a text, with `…` for what is left out. */
export function cutEnd(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  return `${takeWidth([...text], width - 1).join("")}…`;
}

/** The text in pieces of at most that width, each of one character at least. */
export function foldText(text: string, width: number): string[] {
  const pieces: string[] = [];
  let rest = [...text];
  while (rest.length > 0) {
    const count = Math.max(1, takeWidth(rest, width).length);
    pieces.push(rest.slice(0, count).join(""));
    rest = rest.slice(count);
  }
  return pieces;
}

function takeWidth(characters: readonly string[], width: number): string[] {
  let taken = 0;
  const end = characters.findIndex((character) => {
    taken += characterWidth(character);
    return taken > width;
  });
  return characters.slice(0, end < 0 ? characters.length : end);
}
