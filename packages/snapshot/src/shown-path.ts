/** What a path may stand for that was typed: its names as they are, or as they are shown, with `\\` and `\xNN`. */
import { unquoteName } from "@bcat/errors";

const SLASH = 0x2f;
/** Names of a path that may each be the one or the other; with more, all are. */
const MIXED_MAX = 4;

/** The path itself first; each once. */
export function meaningsOf(path: Uint8Array): Uint8Array[] {
  const names = divide(path);
  const shown = names.map(unquoteName);
  const at = shown.flatMap((name, i) => (name === undefined ? [] : [i]));
  const choices = at.length <= MIXED_MAX ? 2 ** at.length : 2;
  return Array.from({ length: choices }, (_, choice) => {
    const isShown = (i: number) => (at.length <= MIXED_MAX ? (choice >> at.indexOf(i)) & 1 : choice) === 1;
    return join(names.map((name, i) => (at.includes(i) && isShown(i) ? shown[i]! : name)));
  });
}

function divide(path: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  let start = 0;
  for (let end = path.indexOf(SLASH); end >= 0; end = path.indexOf(SLASH, start)) {
    names.push(path.subarray(start, end));
    start = end + 1;
  }
  return [...names, path.subarray(start)];
}

function join(names: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(names.flatMap((name, i) => (i === 0 ? [name] : [Uint8Array.of(SLASH), name])));
}
