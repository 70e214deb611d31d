/** Texts that a user gives a snapshot: bounded before any work is done for it, so that its outcome can be written. */
import { BcatError } from "@bcat/errors";

/** Longest of them, bytes of UTF-8. */
const textLengthMax = 64 * 1024;
/** Longest host name, bytes: it is in a session too, which is smaller. */
const hostLengthMax = 4096;
/** All together, bytes: far below what an outcome holds. */
const textsLengthMax = 2 ** 20;

export interface SnapshotTexts {
  readonly tags?: readonly string[];
  readonly excludes?: readonly string[];
  readonly host?: string;
  readonly options?: readonly string[];
}

/** @throws BcatError usage for a text that is empty or too long */
export function checkSnapshotTexts({ tags = [], excludes = [], host, options = [] }: SnapshotTexts): void {
  let total = 0;
  const check = (what: string, text: string, lengthMax = textLengthMax): void => {
    const length = Buffer.byteLength(text);
    total += length;
    if (length === 0) throw unusable(`${what} is empty`);
    if (length > lengthMax) throw unusable(`${what} has ${length} bytes, allowed are ${lengthMax}`);
  };
  if (host !== undefined) check("the host name", host, hostLengthMax);
  for (const tag of tags) check("a tag", tag);
  for (const pattern of excludes) check("an exclude pattern", pattern);
  for (const option of options) check("an option", option);
  if (total <= textsLengthMax) return;
  throw unusable(
    `host, tags, exclude patterns and options have ${total} bytes together, allowed are ${textsLengthMax}`,
  );
}

function unusable(found: string): BcatError {
  return new BcatError("usage", `Cannot back up: ${found}`);
}
