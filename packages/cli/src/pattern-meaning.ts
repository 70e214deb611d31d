/** Says of patterns which are read as restic reads them, and otherwise than a shell does. */
import type { OnNotice } from "@bcat/errors";
import type { GivenPattern } from "@bcat/snapshot";

/** Patterns of which that is told. */
const TOLD_MAX = 10;

export async function tellMeanings(patterns: readonly GivenPattern[], onNotice: OnNotice): Promise<void> {
  if (!patterns.some((given) => textOf(given).includes("[!"))) return;
  const { shellNegation } = await import("@bcat/snapshot");
  let told = 0;
  for (const given of patterns) {
    const found = shellNegation(textOf(given));
    if (found === undefined) continue;
    if (++told > TOLD_MAX) break;
    const rest = found.slice(2);
    onNotice(
      `pattern "${textOf(given)}": ${found} is a "!" or one of the others in it, as with restic; [^${rest} is what is none of them, and [\\!${rest} says the same without this line`,
      "pattern-meaning",
    );
  }
}

function textOf(given: GivenPattern): string {
  return typeof given === "string" ? given : given.text;
}
