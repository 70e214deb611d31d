/** Text laid out for the width of a terminal. All of it is of characters that are one column wide. */

/** Of the wider column at most, so that something is left for the other. */
const TERM_SHARE_MAX = 0.4;
const GAP = 2;
/** Below this width, what a word means stands below it. */
const SIDE_BY_SIDE_MIN = 60;

/** Lines of at most `width` characters, but for a word that is longer. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

export interface Term {
  readonly term: string;
  readonly meaning: string;
}

/**
 * Words, and beside each, or below one that is too long for that, what it means.
 *
 * @param all whose meanings begin in the same column
 */
export function definitions(terms: readonly Term[], width: number, all = terms): string[] {
  const column = columnOf(all, width);
  const aside = " ".repeat(column);
  return terms.flatMap(({ term, meaning }) => {
    const [first = "", ...rest] = wrap(meaning, width - column).map((line) => `${aside}${line}`);
    const word = `${" ".repeat(GAP)}${term}`;
    if (isBeside(word, column, width)) return [`${word}${first.slice(word.length)}`, ...rest];
    const above = word.length <= width && width >= SIDE_BY_SIDE_MIN ? [word] : indented(wrap(term, width - GAP));
    return [...above, first, ...rest];
  });
}

/** Where meanings begin. */
function columnOf(terms: readonly Term[], width: number): number {
  if (width < SIDE_BY_SIDE_MIN) return 3 * GAP;
  const ends = terms.map(({ term }) => GAP + term.length + GAP).filter((end) => end <= width * TERM_SHARE_MAX);
  return Math.max(3 * GAP, ...ends);
}

function isBeside(word: string, column: number, width: number): boolean {
  return width >= SIDE_BY_SIDE_MIN && word.length + GAP <= column;
}

export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `${" ".repeat(GAP)}${line}`);
}
