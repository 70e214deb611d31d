/**
 * Patterns and names of tags as a snapshot records them, whose texts are UTF-8: with `\xNN` for each byte that is none,
 * which the option `pattern-bytes` says. Without it `\x` is an `x`, as in any pattern, and in a name nothing else than that.
 */
import { bytesOfText, hasBytes, quoteName, showBytes, textOfBytes, unquoteName } from "@bcat/errors";

/** A `\` and what it takes literally. */
const escaped = /\\([\s\S])/gu;
const recordedByte = /\\(?:x([89a-f][0-9a-f])|([\s\S]))/gu;

/** No `\` may come before an `x` or a byte: there it says nothing, either. */
export function recordPattern(text: string): string {
  return showBytes(
    text.replaceAll(escaped, (pair, taken: string) => (taken === "x" || hasBytes(taken) ? taken : pair)),
  );
}

/** A pattern that matches what the one given to {@link recordPattern} does. */
export function readPattern(recorded: string): string {
  return recorded.replaceAll(recordedByte, (pair, hex: string | undefined) =>
    hex === undefined ? pair : textOfBytes(Buffer.of(Number.parseInt(hex, 16))),
  );
}

/** Of `FILE[:header]`, in which a `\` is one. */
export function recordTag(text: string): string {
  return quoteName(bytesOfText(text));
}

export function readTag(recorded: string): string {
  const bytes = unquoteName(Buffer.from(recorded));
  return bytes === undefined ? recorded : textOfBytes(bytes);
}
