import { BcatError } from "@bcat/errors";

/** The error about a kind that this version does not know. */
export function newerKind(what: string, found: string): BcatError {
  return new BcatError(
    "newer-format",
    `Cannot read ${what}: ${found} is not known to this version; a newer bcat wrote it`,
  );
}
