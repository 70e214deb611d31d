/** bupstash 0.12: a key file, no passphrase. */
import { join } from "node:path";

export const bupstash = {
  name: "bupstash",
  program: "bupstash",
  settings: { defaults: "as it comes: zstd 3, one object a chunk", matched: "zstd 3, one object a chunk" },
  versionWords: (program) => [program, "--version"],
  create: (program, track) => {
    const bupstash = (...words) => ({ words: [program, ...words] });
    const matched = track === "matched" ? ["--compression", "zstd:3"] : [];
    return {
      environment: ({ folder, repository }) => ({
        BUPSTASH_REPOSITORY: repository,
        BUPSTASH_KEY: join(folder, "key"),
        BUPSTASH_SEND_LOG: join(folder, "send.log"),
        BUPSTASH_QUERY_CACHE: join(folder, "query"),
      }),
      init: ({ folder }) => [bupstash("init"), bupstash("new-key", "-o", join(folder, "key"))],
      backup: (_place, sources, archive) => [bupstash("put", ...matched, `name=${archive}`, ...sources)],
      restore: (_place, _sources, target, archive) => [bupstash("restore", "--into", target, `name=${archive}`)],
      list: () => [bupstash("list")],
    };
  },
};
