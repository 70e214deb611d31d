/**
 * A regular expression that somebody typed. Searching for one may take ages, `(a+)+b` in thirty letters, and nothing of
 * the program runs meanwhile, not even Ctrl-C: so the search is stopped after a while. What that takes is more than most
 * searches do, and is saved where the expression has too few choices to be slow.
 */
import { type Context, createContext, Script } from "node:vm";

export interface LimitedExpressionOptions {
  /** For one text, milliseconds. */
  readonly limitMs: number;
  /** The search took too long. */
  readonly tooSlow: (text: string) => Error;
}

/** Steps that are no matter, as a power of ten. */
const STEPS_POWER_MAX = 7;

export class LimitedExpression {
  readonly #expression: RegExp;
  readonly #options: LimitedExpressionOptions;
  readonly #choices: Choices | undefined;
  #search: { readonly context: Context; readonly script: Script } | undefined;

  constructor(expression: RegExp, options: LimitedExpressionOptions) {
    this.#expression = expression;
    this.#options = options;
    this.#choices = choicesOf(expression.source);
  }

  /** Whether it is in the text. @throws what `tooSlow` gives */
  test(text: string): boolean {
    if (this.#choices !== undefined && stepsPower(this.#choices, text.length) <= STEPS_POWER_MAX)
      return this.#expression.test(text);
    this.#search ??= {
      context: createContext({ expression: this.#expression, text }),
      script: new Script("expression.test(text)"),
    };
    this.#search.context.text = text;
    return this.#withLimit(this.#search, text);
  }

  /** Time in which others had the processor does not count, so that a busy machine stops nothing. */
  #withLimit({ context, script }: { readonly context: Context; readonly script: Script }, text: string): boolean {
    const { limitMs, tooSlow } = this.#options;
    const start = process.cpuUsage();
    for (;;) {
      try {
        return script.runInContext(context, { timeout: limitMs });
      } catch (error) {
        if (!isTimeout(error)) throw error;
        const { user, system } = process.cpuUsage(start);
        if ((user + system) / 1000 >= limitMs / 2) throw tooSlow(text);
      }
    }
  }
}

/** It is an Error of the other context, which is none of this one. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
  );
}

/** Where a search has to try more than one way. */
export interface Choices {
  /** As many ways as the text has characters. */
  readonly loops: number;
  /** Two ways. */
  readonly forks: number;
}

/** Of an expression without a group that is repeated; of others nothing can be told so simply. */
export function choicesOf(source: string): Choices | undefined {
  const bare = source
    .replaceAll(/\\[pPu]\{[^}]*\}|\\k<[^>]*>|\\./gs, "x")
    .replaceAll(/\[[^\]]*\]/g, "x")
    .replaceAll(/\(\?(?:<?[=!]|:|<[^>]*>)/g, "(");
  if (/\)[*+{]/.test(bare)) return undefined;
  const quantifiers = bare.match(/[*+]\??|\{\d+(?:,\d*)?\}\??/g) ?? [];
  const loops = quantifiers.filter((each) => !/^\{\d+\}/.test(each)).length;
  const forks = bare.replaceAll(/[*+}]\?/g, "").match(/[?|]/g)?.length ?? 0;
  return { loops, forks };
}

/** Steps of a search in `length` characters at most, as a power of ten: it begins at each of them. */
function stepsPower({ loops, forks }: Choices, length: number): number {
  return (loops + 1) * Math.log10(length + 1) + forks * Math.log10(2);
}
