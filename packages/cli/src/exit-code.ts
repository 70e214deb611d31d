/** The one table of exit codes, as in docs and help. */
import type { BcatErrorCode } from "@bcat/errors";

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  noRepository: 10,
  storage: 11,
  passphrase: 12,
  newerFormat: 13,
  identity: 14,
  damage: 21,
  conditions: 22,
  closedPipe: 141,
} as const;

const codeOfError: Readonly<Record<BcatErrorCode, number>> = {
  "not-found": exitCodes.failed,
  exists: exitCodes.failed,
  "target-failed": exitCodes.failed,
  "source-failed": exitCodes.failed,
  refused: exitCodes.failed,
  // Only for `check` and `scrub` is damage the answer; for the others it is a reason to fail.
  corrupt: exitCodes.failed,
  usage: exitCodes.usage,
  "no-repository": exitCodes.noRepository,
  "storage-failed": exitCodes.storage,
  "wrong-passphrase": exitCodes.passphrase,
  "conditions-not-met": exitCodes.conditions,
  "newer-format": exitCodes.newerFormat,
  "identity-changed": exitCodes.identity,
  interrupted: 130,
};

/** The exit code for an error of the kind `code`, in the command of that name. */
export function exitCodeOf(code: BcatErrorCode, command: string | undefined): number {
  if (code === "corrupt" && (command === "check" || command === "scrub")) return exitCodes.damage;
  return codeOfError[code];
}

/** What each says, for the help and the manual. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [0, "done"],
  [
    1,
    "failed: unknown snapshot or path, the only source is missing, target not writable or full, something in the way, damage met (see bcat check), repository exists at init",
  ],
  [
    2,
    "wrong usage: no or an unknown command, unknown flag, malformed value, two passphrase sources, key file of a wrong length, invalid BCAT_*",
  ],
  [3, "done, but some source files could not be read or changed meanwhile, or one of several is missing"],
  [10, "no repository there"],
  [
    11,
    "storage unreachable, refused or full (nothing committed, unless the message says that this is not known), or it has archived what was to be read (all else is restored)",
  ],
  [12, "wrong passphrase or key file, one that cannot be read, or none and no terminal"],
  [13, "written by a newer format"],
  [14, "repository identity changed, or it went back in time"],
  [21, "check or scrub found damage"],
  [
    22,
    "the place does not keep several writers apart (doctor, init); there is no snapshot, or in a place for one writer a session has not ended (prune)",
  ],
  [130, "interrupted (SIGTERM: 143, SIGHUP: 129)"],
  [141, "whoever read the output of dump or cat has stopped reading"],
];
