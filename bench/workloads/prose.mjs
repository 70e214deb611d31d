/**
 * Text that compresses as source code of this size does (measured with zstd 3 on headers, Go and TypeScript: alone to
 * about 0.40, many in one block to about 0.24): indented lines of words from a dictionary, the frequent ones much more
 * often; a text has its own few words that it comes back to; and a part of its lines stands in many texts.
 */
import { createMulberry32 } from "@bcat/storage";

const WORDS = 6_000;
const OWN_WORDS = 50;
const COMMON_LINES = 2_000;
const SYLLABLES = ["ta", "re", "con", "de", "in", "st", "er", "al", "pro", "map", "get", "set", "li", "ne", "or", "x"];
const ENDS = [";", ";", ",", " {", "}", "(", ");", " =", ":", ""];

/** @returns a function that gives the next text of `length` bytes */
export function createProse(seed) {
  const next = createMulberry32([...seed].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) >>> 0);
  const below = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[below(list.length)];
  /** Leans to the beginning of the list. */
  const pickFrequent = (list) => list[Math.floor(next() * next() * next() * list.length)];
  const words = Array.from({ length: WORDS }, () => {
    const word = Array.from({ length: 1 + below(4) }, () => pick(SYLLABLES)).join("");
    return below(3) === 0 ? word[0].toUpperCase() + word.slice(1) : word;
  });
  const line = (own) => {
    const word = () => (below(4) === 0 ? pickFrequent(words) : pickFrequent(own));
    const parts = Array.from({ length: 1 + below(8) }, () => (below(25) === 0 ? below(1_000) : word()));
    return `${"  ".repeat(below(4))}${parts.join(pick([" ", " ", "."]))}${pick(ENDS)}\n`;
  };
  const common = Array.from({ length: COMMON_LINES }, () => line(words));
  return (length) => {
    const own = Array.from({ length: OWN_WORDS }, () => pickFrequent(words));
    let text = "";
    while (text.length < length) text += below(5) < 2 ? pickFrequent(common) : line(own);
    return text.slice(0, length);
  };
}
