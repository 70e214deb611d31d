/**
 * Sources that lie in others: they are no roots of the snapshot, but patterns do not leave them out. It records them as
 * options, `inner-source=PATH`, as paths are shown: with `\xNN` and `\\`.
 */
import { quoteName, unquoteName } from "@bcat/errors";

const PREFIX = "inner-source=";

/** Bytes of all together; further ones are not recorded. */
const RECORDED_MAX = 64 * 1024;

export function recordInnerSources(paths: readonly Uint8Array[]): string[] {
  let total = 0;
  const recorded: string[] = [];
  for (const path of paths) {
    const option = `${PREFIX}${quoteName(path)}`;
    total += Buffer.byteLength(option);
    if (total > RECORDED_MAX) break;
    recorded.push(option);
  }
  return recorded;
}

/** Those that a snapshot has recorded; none of other versions. */
export function recordedInnerSources(options: readonly string[]): Uint8Array[] {
  return options
    .filter((option) => option.startsWith(PREFIX))
    .map((option) => {
      const quoted = Buffer.from(option.slice(PREFIX.length));
      return unquoteName(quoted) ?? quoted;
    })
    .filter((path) => path[0] === 0x2f);
}
