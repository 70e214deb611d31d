/**
 * Exclude patterns: which entries of a source stay out of a snapshot. The semantics are those of restic's
 * `--exclude` (restic, doc/040_backup.rst, "Excluding Files"):
 *
 *     foo        an entry `foo` at any depth             *       any run of characters of one name
 *     a/b*       `b…` in an `a` at any depth             ?       one character
 *     /a/b       from the root of the file system        [a-z]   one of a class; [!a-z] and [^a-z] one outside it
 *     a/         only where the entry is a directory     **      as a whole name: any number of names, or none
 *     !a         re-includes `a` and what is below it    \       takes the next character literally
 *
 * The last pattern that matches decides. An exclusion looks at the entry itself only, for a walk does not descend into
 * what is excluded, and a source that is named explicitly must not lose its contents to a pattern of its own name. A
 * re-inclusion also covers what is below the entry, else `/home/**` + `!/home/me` would keep an empty directory of the
 * source `/home`. (Of the source `/` they keep nothing: `/home/**` excludes `/home` too, and the walk ends there.)
 *
 * Names are bytes. A character is a valid UTF-8 sequence or, where there is none, a single byte: `?`, `*` and `[!a]`
 * match such a byte, nothing else does. There is no Unicode normalization and no case folding.
 *
 * Matching is by hand and not by RegExp because this runs once per directory entry: an entry that no pattern matches
 * costs a glance at its last name, nothing is decoded, and time is bounded by path length × pattern length (a RegExp
 * takes 20 s for `*a*a*a*a*b` on a name of 255 bytes). Both levels, names in a path and characters in a name, use the
 * same fact: when a later wildcard has been reached, an earlier one never needs to give back what it took.
 */

import { BcatError } from "@bcat/errors";

/**
 * True when an entry is excluded. `path` is absolute, its names separated by one `/`, without a `/` at the end.
 * `isDirectory` is called at most once, and only when the answer depends on it.
 */
export type ExcludeTest = (path: Uint8Array, isDirectory: () => boolean) => boolean;

/** A pattern, its names in order; a pattern that is not anchored begins with {@link anyDepth}. */
interface Rule {
  readonly includes: boolean;
  readonly onlyDirectories: boolean;
  readonly parts: readonly Part[];
}

type Part = NamePattern | typeof anyDepth;

/** `head` and `tail` are the literal bytes around the wildcards; a name without wildcards is all `head`. */
interface NamePattern {
  readonly head: Uint8Array;
  readonly middle: readonly Token[];
  readonly tail: Uint8Array;
}

/** A literal code point, {@link anyCharacter}, {@link anyRun} or a class. */
type Token = number | CharacterClass;

interface CharacterClass {
  readonly negated: boolean;
  /** First and last code point of each range, inclusive. */
  readonly ranges: readonly (readonly [number, number])[];
}

const anyDepth = "**";
const anyCharacter = -1;
const anyRun = -2;

const slash = 0x2f;
/** A byte that begins no valid UTF-8 sequence counts as the character `invalidByte + byte`, above all code points. */
const invalidByte = 0x110000;

/**
 * Compiles patterns, of which later ones win over earlier ones. Empty patterns are ignored; undefined when none is left.
 * @throws BcatError "usage" for a malformed pattern
 */
export function compileExcludes(patterns: readonly string[]): ExcludeTest | undefined {
  const lastFirst = patterns
    .filter((pattern) => pattern !== "")
    .map(parseRule)
    .reverse();
  if (lastFirst.length === 0) return undefined;
  return (path, isDirectory) => {
    let known: boolean | undefined;
    const isDirectoryOnce = () => {
      known ??= isDirectory();
      return known;
    };
    const slashes = findSlashes(path);
    for (const rule of lastFirst) {
      if (ruleApplies(rule, path, slashes, isDirectoryOnce)) return !rule.includes;
    }
    return false;
  };
}

function parseRule(pattern: string): Rule {
  const includes = pattern.startsWith("!");
  const body = includes ? pattern.slice(1) : pattern;
  const names = body.split("/").filter((name) => name !== "" && name !== ".");
  const anchored = body.startsWith("/");
  if (names.length === 0 && !anchored) throw malformed(pattern, "it names nothing");
  if (names.includes("..")) throw malformed(pattern, 'no path contains ".."');

  const parts = names.map((name) => (name === anyDepth ? anyDepth : parseName(name, pattern)));
  if (!anchored) parts.unshift(anyDepth);
  if (includes) parts.push(anyDepth);
  return { includes, onlyDirectories: body.endsWith("/"), parts };
}

function parseName(name: string, pattern: string): NamePattern {
  const tokens = parseTokens(Array.from(name), pattern);
  const first = tokens.findIndex(isWildcard);
  if (first < 0) return { head: encodeLiterals(tokens), middle: [], tail: encodeLiterals([]) };
  const end = tokens.findLastIndex(isWildcard) + 1;
  return {
    head: encodeLiterals(tokens.slice(0, first)),
    middle: tokens.slice(first, end),
    tail: encodeLiterals(tokens.slice(end)),
  };
}

function parseTokens(characters: readonly string[], pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; ) {
    const character = characters[at]!;
    if (character === "[") {
      const { token, end } = parseClass(characters, at, pattern);
      tokens.push(token);
      at = end;
    } else if (character === "*") {
      if (tokens.at(-1) === anyRun) throw malformed(pattern, '"**" must be a whole path component');
      tokens.push(anyRun);
      at += 1;
    } else if (character === "?") {
      tokens.push(anyCharacter);
      at += 1;
    } else {
      const { literal, end } = parseLiteral(characters, at, pattern);
      tokens.push(literal);
      at = end;
    }
  }
  return tokens;
}

/** Parses the class whose `[` is at `start`. A `-` that is first or last in it is literal. */
function parseClass(characters: readonly string[], start: number, pattern: string) {
  const negated = characters[start + 1] === "!" || characters[start + 1] === "^";
  const ranges: [number, number][] = [];
  let at = start + (negated ? 2 : 1);
  while (at < characters.length && characters[at] !== "]") {
    const first = parseLiteral(characters, at, pattern);
    const isRange = characters[first.end] === "-" && (characters[first.end + 1] ?? "]") !== "]";
    const last = isRange ? parseLiteral(characters, first.end + 1, pattern) : first;
    if (last.literal < first.literal) throw malformed(pattern, "a range in its character class is reversed");
    ranges.push([first.literal, last.literal]);
    at = last.end;
  }
  if (at >= characters.length) throw malformed(pattern, 'a "[" has no closing "]" in the same path component');
  if (ranges.length === 0) throw malformed(pattern, "a character class is empty");
  return { token: { negated, ranges }, end: at + 1 };
}

function parseLiteral(characters: readonly string[], at: number, pattern: string) {
  const literalAt = characters[at] === "\\" ? at + 1 : at;
  const literal = characters[literalAt]?.codePointAt(0);
  if (literal === undefined) throw malformed(pattern, 'a path component ends in "\\", which escapes nothing');
  return { literal, end: literalAt + 1 };
}

function isWildcard(token: Token): boolean {
  return typeof token !== "number" || token < 0;
}

function encodeLiterals(tokens: readonly Token[]): Uint8Array {
  const literals = tokens.filter((token) => typeof token === "number");
  return new TextEncoder().encode(literals.map((literal) => String.fromCodePoint(literal)).join(""));
}

function malformed(pattern: string, found: string): BcatError {
  return new BcatError("usage", `Cannot use exclude pattern "${pattern}": ${found}`);
}

function ruleApplies(rule: Rule, path: Uint8Array, slashes: readonly number[], isDirectory: () => boolean): boolean {
  const nameCount = slashes.length - 1;
  if (!pathMatches(rule.parts, path, slashes, nameCount)) return false;
  if (!rule.onlyDirectories) return true;
  // What a re-inclusion matches above the entry is a directory already.
  if (rule.includes && nameCount > 0 && pathMatches(rule.parts, path, slashes, nameCount - 1)) return true;
  return isDirectory();
}

/** Where each name's `/` is, then where the path ends: name `i` lies between elements `i` and `i + 1`. */
function findSlashes(path: Uint8Array): number[] {
  const slashes = [0];
  if (path.length === 1) return slashes;
  for (let at = 1; at < path.length; at += 1) {
    if (path[at] === slash) slashes.push(at);
  }
  slashes.push(path.length);
  return slashes;
}

/** Compares the first `count` names, from the last to the first, for the last name tells most entries apart. */
function pathMatches(parts: readonly Part[], path: Uint8Array, slashes: readonly number[], count: number): boolean {
  let at = parts.length - 1;
  let retryAt = -1;
  let retryCount = 0;
  for (;;) {
    const part = at < 0 ? undefined : parts[at];
    if (part === anyDepth) {
      if (at === 0) return true;
      retryAt = at;
      retryCount = count;
      at -= 1;
      continue;
    }
    if (part === undefined && count === 0) return true;
    if (part !== undefined && count > 0 && nameMatches(part, path, slashes[count - 1]! + 1, slashes[count]!)) {
      count -= 1;
      at -= 1;
      continue;
    }
    // A mismatch: the "**" reached last takes one more name.
    if (retryCount === 0) return false;
    retryCount -= 1;
    count = retryCount;
    at = retryAt - 1;
  }
}

function nameMatches(pattern: NamePattern, path: Uint8Array, start: number, end: number): boolean {
  const { head, middle, tail } = pattern;
  const middleStart = start + head.length;
  const middleEnd = end - tail.length;
  if (middleStart > middleEnd || (middle.length === 0 && middleStart !== middleEnd)) return false;
  if (!bytesMatch(tail, path, middleEnd) || !bytesMatch(head, path, start)) return false;
  return middle.length === 0 || tokensMatch(middle, path, middleStart, middleEnd);
}

function bytesMatch(bytes: Uint8Array, path: Uint8Array, at: number): boolean {
  for (let i = 0; i < bytes.length; i += 1) {
    if (path[at + i] !== bytes[i]) return false;
  }
  return true;
}

/** `head` and `tail` are whole characters of the pattern, so cutting them off splits no character of the name. */
function tokensMatch(tokens: readonly Token[], path: Uint8Array, start: number, end: number): boolean {
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
      const character = characterAt(path, start, end);
      if (characterMatches(token, character)) {
        start += characterLength(character);
        at += 1;
        continue;
      }
    }
    // A mismatch: the "*" reached last takes one more character.
    if (retryAt < 0 || retryStart >= end) return false;
    retryStart += characterLength(characterAt(path, retryStart, end));
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

/** Decodes one UTF-8 sequence (RFC 3629); overlong forms, surrogates and values above U+10FFFF are invalid bytes. */
function characterAt(path: Uint8Array, at: number, end: number): number {
  const first = path[at]!;
  if (first < 0x80) return first;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || at + length > end) return invalidByte + first;
  let code = first & (0x7f >> length);
  for (let i = 1; i < length; i += 1) {
    const next = path[at + i]!;
    if ((next & 0xc0) !== 0x80) return invalidByte + first;
    code = (code << 6) | (next & 0x3f);
  }
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return isSurrogate || characterLength(code) !== length ? invalidByte + first : code;
}

function characterLength(character: number): number {
  if (character < 0x80 || character >= invalidByte) return 1;
  if (character < 0x800) return 2;
  return character < 0x10000 ? 3 : 4;
}
