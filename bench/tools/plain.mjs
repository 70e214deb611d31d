/**
 * The yardstick: what the machine's own programs take for the same bytes, in the same turns. No chunks, no deduplication,
 * no history: tar, zstd -1 on all cores and openssl for a first backup, find for an unchanged one, cp for a restore.
 */
import { join } from "node:path";

const STORE =
  'set -o pipefail; out=$1; shift; tar cf - "$@" | zstd -1 -T0 | openssl enc -aes-256-ctr -K "$KEY" -iv "$IV" > "$out"';

export const plain = {
  name: "plain",
  program: "bash",
  settings: {
    defaults: "tar | zstd -1 -T0 | openssl aes-256-ctr; find -printf; cp -a",
    matched: "tar | zstd -1 -T0 | openssl aes-256-ctr; find -printf; cp -a",
  },
  versionWords: () => ["tar", "--version"],
  create: (program) => ({
    environment: () => ({ KEY: "07".repeat(32), IV: "09".repeat(16) }),
    init: ({ repository }) => [{ words: ["mkdir", "-p", repository] }],
    backup: ({ repository }, sources, archive) =>
      archive === "first"
        ? [{ words: [program, "-c", STORE, "plain", join(repository, archive), ...sources] }]
        : [{ words: ["find", ...sources, "-printf", "%p %i %s %T@ %C@\\n"] }],
    restore: (_place, sources, target) => [{ words: ["cp", "-a", ...sources, target] }],
    list: undefined,
  }),
};
