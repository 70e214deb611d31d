/** What `bcat find` is asked for. */
import type { Repository } from "@bcat/repository";
import type { PatternSearch, Search } from "@bcat/snapshot";
import { parseSize } from "./choice-flags.js";
import type { Context } from "./command.js";
import type { LimitedExpressionOptions } from "./limited-expression.js";
import { quoteText } from "./quote.js";
import { snapshotTime } from "./snapshot-time.js";
import { parseSpan } from "./span.js";
import { usageError } from "./usage.js";

/** As find(1) has them, and the numbers of the types of nodes. */
const typeLetters: Readonly<Record<string, number>> = { f: 1, d: 2, l: 3, c: 4, b: 5, p: 6, s: 7 };

/** For an expression in one path, ms: longer than any that is meant so takes. */
const EXPRESSION_MAX_MS = 2_000;

type Words = Pick<Context, "operands" | "options">;

/**
 * Everything that can be wrong, before the repository is asked for.
 *
 * @param now ms since 1970. @throws {BcatError} with code "usage"
 */
export function checkFindWords({ operands, options }: Words, now: number): void {
  const byId = ["blob", "tree"].filter((name) => options.switch(name));
  if (byId.length === 2) throw usageError("Cannot use --blob with --tree: an id is one or the other");
  if (byId.length === 1 && operands.length === 0) throw usageError(`Missing <pattern>: --${byId[0]} takes ids`);
  if (byId.length === 1 && (options.switch("regex") || options.switch("ignore-case")))
    throw usageError(`Cannot use --${byId[0]} with --regex or --ignore-case: an id is none`);
  valuesOf(options, now);
  if (options.switch("regex")) expressionsOf({ operands, options });
  const names = ["newer", "older", "size"].filter((name) => options.text(name) !== undefined);
  if (operands.length + names.length + options.list("type").length === 0)
    throw usageError("Missing <pattern>: say what to find, such as bcat find '*.odt', or --newer, --size or --type");
}

/** @param now ms since 1970. @throws {BcatError} with code "usage" */
export async function readSearch(repository: Repository, words: Words, now: number): Promise<Search> {
  const { searchById, searchByPattern } = await import("@bcat/snapshot");
  const { operands, options } = words;
  if (options.switch("blob")) return searchById(repository, { of: "blob", ids: operands });
  if (options.switch("tree")) return searchById(repository, { of: "tree", ids: operands });
  return searchByPattern({
    ...(options.switch("regex") ? { expressions: await limitedExpressionsOf(words) } : { globs: operands }),
    foldsCase: options.switch("ignore-case"),
    ...valuesOf(options, now),
  });
}

function expressionsOf({ operands, options }: Words): RegExp[] {
  const flags = options.switch("ignore-case") ? "iu" : "u";
  return operands.map((word) => {
    try {
      return new RegExp(word, flags);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw usageError(`Cannot use the pattern "${quoteText(word)}": ${quoteText(reason)}`);
    }
  });
}

/** None of them goes on for ever. */
async function limitedExpressionsOf(words: Words) {
  const { LimitedExpression } = await import("./limited-expression.js");
  return expressionsOf(words).map((expression, i) => {
    const tooSlow: LimitedExpressionOptions["tooSlow"] = (path) =>
      usageError(
        `Cannot use the pattern "${quoteText(words.operands[i]!)}": it takes longer than ${EXPRESSION_MAX_MS / 1000} s on the path "${quoteText(path)}"; write it without one repetition in another, such as (a+)+`,
      );
    return new LimitedExpression(expression, { limitMs: EXPRESSION_MAX_MS, tooSlow });
  });
}

function valuesOf(options: Words["options"], now: number): Pick<PatternSearch, "types" | "size" | "changed"> {
  const types = options.list("type").map((letter) => {
    const type = typeLetters[letter];
    if (type === undefined) throw usageError(`Cannot use --type ${quoteText(letter)}: give f, d, l, b, c, p or s`);
    return type as never;
  });
  const [newer, older, size] = [options.text("newer"), options.text("older"), options.text("size")];
  return {
    ...(types.length > 0 && { types: new Set(types) }),
    ...(size !== undefined && { size: parseSizes(size) }),
    ...((newer ?? older) !== undefined && { changed: parseTimes(newer, older, now) }),
  };
}

function parseTimes(
  newer: string | undefined,
  older: string | undefined,
  now: number,
): NonNullable<PatternSearch["changed"]> {
  const after = newer === undefined ? undefined : secondsOf("newer", newer, now);
  const before = older === undefined ? undefined : secondsOf("older", older, now);
  if (after !== undefined && before !== undefined && after > before)
    throw usageError(
      `Cannot use --newer ${quoteText(newer!)} with --older ${quoteText(older!)}: nothing was changed after the one and before the other`,
    );
  return { after, before };
}

/** `+1M`, `-4K`, `1M-2M`, `0`. */
function parseSizes(text: string): NonNullable<PatternSearch["size"]> {
  const size = (part: string) => parseSize("--size", part);
  if (text.startsWith("+")) return { atLeast: size(text.slice(1)) + 1 };
  if (text.startsWith("-")) return { atMost: size(text.slice(1)) - 1 };
  const [first = "", ...rest] = text.split("-");
  const [atLeast, atMost] = [size(first), size(rest.length === 0 ? first : rest.join("-"))];
  if (atLeast > atMost) throw usageError(`Cannot use --size ${quoteText(text)}: nothing is that large and that small`);
  return { atLeast, atMost };
}

/** Seconds since 1970 of a span before now, or of a time. */
function secondsOf(flag: string, text: string, now: number): number {
  const isSpan = /^(\d+[mhdw])+$/.test(text);
  const ms = isSpan
    ? now - parseSpan(`--${flag}`, text)
    : snapshotTime(text, `--${flag}`, ", or a span such as 7d or 36h")!;
  return Math.floor(ms / 1000);
}
