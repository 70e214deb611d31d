/**
 * Patterns of one name of a path:
 *
 *     *       any run of characters           [a-z]           one of a class; [^a-z] one outside it
 *     ?       one character                   \               takes the next character literally
 *
 * Matching is by hand and not by RegExp because this runs for each entry of a source: names are bytes, nothing is
 * decoded but where a wildcard takes a character, and time is bounded by length of name × length of pattern (a RegExp
 * takes 20 s for `*a*a*a*a*b` on a name of 255 bytes): when a later wildcard has been reached, an earlier one never needs
 * to give back what it took. There is no Unicode normalization.
 */
import { byteUnits, characterOf, characterUnits, encodeCharacters, isInvalid, type Units } from "./characters.js";

/** `head` and `tail` are the literal bytes around the wildcards; a name without wildcards is all `head`. */
export interface NamePattern {
  readonly head: Uint8Array;
  readonly middle: readonly Token[];
  readonly tail: Uint8Array;
  readonly units: Units;
}

/** A literal character, {@link anyCharacter}, {@link anyRun} or a class. */
type Token = number | CharacterClass;

interface CharacterClass {
  readonly negated: boolean;
  /** First and last character of each range, inclusive. */
  readonly ranges: readonly (readonly [number, number])[];
}

/** What restic's patterns and those of gitignore(5) differ in. */
export interface Dialect {
  /** A wildcard takes a byte, `**` in a name is `*`, a `]` that comes first in a class is literal, and classes may have `[:alpha:]` in them. */
  readonly isGit: boolean;
  /** `[!a]` is what `[^a]` is; for restic it is a set of two. */
  readonly bangNegates: boolean;
  /** What to throw for a pattern that cannot be one. */
  malformed(found: string): Error;
}

const anyCharacter = -1;
const anyRun = -2;

/** The named classes of POSIX, in ASCII: first and last of each range. */
const namedClasses = new Map(
  Object.entries({
    alpha: "azAZ",
    digit: "09",
    alnum: "azAZ09",
    lower: "az",
    upper: "AZ",
    xdigit: "09afAF",
    // Of white space, git has no \v and \f.
    space: "\t\n\r\r  ",
    blank: "\t\t  ",
    punct: "!/:@[`{~",
    graph: "!~",
    print: " ~",
    cntrl: "\0\x1f\x7f\x7f",
  }).map(([name, ends]) => [name, [...ends].flatMap((_, i) => (i % 2 === 0 ? [rangeOf(ends, i)] : []))]),
);

function rangeOf(ends: string, at: number): [number, number] {
  return [ends.charCodeAt(at), ends.charCodeAt(at + 1)];
}

/** `name` is text of any bytes (`textOfBytes`). */
export function parseName(name: string, dialect: Dialect): NamePattern {
  const units = dialect.isGit ? byteUnits : characterUnits;
  const tokens = parseTokens(units.split(name), dialect);
  if (!tokens.some(isWildcard)) return { head: encodeLiterals(tokens), middle: [], tail: encodeLiterals([]), units };
  // A byte that is no character may be part of one in a name: it is compared as the characters of that are.
  const first = tokens.findIndex(isNotText);
  const end = tokens.findLastIndex(isNotText) + 1;
  return {
    head: encodeLiterals(tokens.slice(0, first)),
    middle: tokens.slice(first, end),
    tail: encodeLiterals(tokens.slice(end)),
    units,
  };
}

function parseTokens(characters: readonly string[], dialect: Dialect): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; ) {
    const character = characters[at]!;
    if (character === "[") {
      const { token, end } = parseClass(characters, at, dialect);
      tokens.push(token);
      at = end;
    } else if (character === "*") {
      if (tokens.at(-1) !== anyRun) tokens.push(anyRun);
      else if (!dialect.isGit) throw dialect.malformed('"**" must be a whole path component');
      at += 1;
    } else if (character === "?") {
      tokens.push(anyCharacter);
      at += 1;
    } else {
      const { literal, end } = parseLiteral(characters, at, dialect);
      tokens.push(literal);
      at = end;
    }
  }
  return tokens;
}

/** Parses the class whose `[` is at `start`. A `-` that is first or last in it is literal. */
function parseClass(characters: readonly string[], start: number, dialect: Dialect) {
  const negated = characters[start + 1] === "^" || (dialect.bangNegates && characters[start + 1] === "!");
  const ranges: [number, number][] = [];
  const begin = start + (negated ? 2 : 1);
  let at = begin;
  while (at < characters.length && (characters[at] !== "]" || (dialect.isGit && at === begin))) {
    const named = dialect.isGit ? parseNamedClass(characters, at, dialect) : undefined;
    if (named !== undefined) {
      ranges.push(...named.ranges);
      at = named.end;
      continue;
    }
    const first = parseLiteral(characters, at, dialect);
    const isRange = characters[first.end] === "-" && (characters[first.end + 1] ?? "]") !== "]";
    const last = isRange ? parseLiteral(characters, first.end + 1, dialect) : first;
    if (last.literal < first.literal && !dialect.isGit)
      throw dialect.malformed("a range in its character class is reversed");
    // One that is reversed has its first character in it, for git.
    ranges.push([first.literal, Math.max(first.literal, last.literal)]);
    at = last.end;
  }
  if (at >= characters.length) throw dialect.malformed('a "[" has no closing "]" in the same path component');
  if (ranges.length === 0) throw dialect.malformed("a character class is empty");
  return { token: { negated, ranges }, end: at + 1 };
}

/** `[:alpha:]` inside a class. */
function parseNamedClass(characters: readonly string[], at: number, dialect: Dialect) {
  if (characters[at] !== "[" || characters[at + 1] !== ":") return undefined;
  const end = characters.indexOf("]", at + 2);
  if (end < at + 3 || characters[end - 1] !== ":") return undefined;
  const ranges = namedClasses.get(characters.slice(at + 2, end - 1).join(""));
  if (ranges === undefined) throw dialect.malformed('what "[:…:]" in it names is none of the known classes');
  return { ranges, end: end + 1 };
}

function parseLiteral(characters: readonly string[], at: number, dialect: Dialect) {
  const literalAt = characters[at] === "\\" ? at + 1 : at;
  const character = characters[literalAt];
  if (character === undefined) throw dialect.malformed('a path component ends in "\\", which escapes nothing');
  return { literal: characterOf(character), end: literalAt + 1 };
}

/** True when it matches one name only. */
export function isLiteral({ middle }: NamePattern): boolean {
  return middle.length === 0;
}

function isWildcard(token: Token): boolean {
  return typeof token !== "number" || token < 0;
}

function isNotText(token: Token): boolean {
  return isWildcard(token) || isInvalid(token as number);
}

function encodeLiterals(tokens: readonly Token[]): Uint8Array {
  return encodeCharacters(tokens.filter((token) => typeof token === "number"));
}

/** True for the name that lies in `path` from `start` to `end`. */
export function nameMatches(pattern: NamePattern, path: Uint8Array, start: number, end: number): boolean {
  const { head, middle, tail, units } = pattern;
  const middleStart = start + head.length;
  const middleEnd = end - tail.length;
  if (middleStart > middleEnd || (middle.length === 0 && middleStart !== middleEnd)) return false;
  if (!bytesMatch(tail, path, middleEnd) || !bytesMatch(head, path, start)) return false;
  return middle.length === 0 || tokensMatch(middle, path, middleStart, middleEnd, units);
}

function bytesMatch(bytes: Uint8Array, path: Uint8Array, at: number): boolean {
  for (let i = 0; i < bytes.length; i += 1) {
    if (path[at + i] !== bytes[i]) return false;
  }
  return true;
}

/** `head` and `tail` are whole characters of the pattern, so cutting them off splits no character of the name. */
function tokensMatch(tokens: readonly Token[], path: Uint8Array, start: number, end: number, units: Units): boolean {
  let at = 0;
  let retryAt = -1;
  let retryStart = 0;
  while (at < tokens.length || start < end) {
    const token = tokens[at];
    if (token === anyRun) {
      if (at === tokens.length - 1) return true;
      retryAt = at;
      retryStart = start;
      at += 1;
      continue;
    }
    if (token !== undefined && start < end) {
      const character = units.at(path, start, end);
      if (characterMatches(token, character)) {
        start += units.length(character);
        at += 1;
        continue;
      }
    }
    // A mismatch: the "*" reached last takes one more character.
    if (retryAt < 0 || retryStart >= end) return false;
    retryStart += units.length(units.at(path, retryStart, end));
    start = retryStart;
    at = retryAt + 1;
  }
  return true;
}

function characterMatches(token: Token, character: number): boolean {
  if (typeof token === "number") return token === anyCharacter || token === character;
  const listed = token.ranges.some(([first, last]) => first <= character && character <= last);
  return listed !== token.negated;
}
