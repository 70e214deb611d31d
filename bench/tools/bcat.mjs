/** bcat as this checkout has built it, by any Node. */
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../../packages/cli/bin/bcat.js", import.meta.url));

export const bcat = {
  name: "bcat",
  program: "node",
  settings: {
    defaults: "zstd 3, packs of 32 MiB, every pack verified before upload",
    matched: "zstd 3, packs of 32 MiB, every pack verified before upload (cannot be switched off)",
  },
  versionWords: (node) => [node, entry, "version"],
  create: (node) => {
    const bcat = (...words) => ({ words: [node, entry, ...words] });
    return {
      environment: ({ repository, cache, passphrase, keyFile }) => ({
        BCAT_REPOSITORY: repository,
        BCAT_CACHE_DIR: cache,
        ...(keyFile === undefined ? { BCAT_PASSWORD: passphrase } : { BCAT_KEY_FILE: keyFile }),
      }),
      init: () => [bcat("init")],
      backup: (_place, sources) => [bcat("backup", ...sources)],
      restore: (_place, _sources, target) => [bcat("restore", "latest", "all", target)],
      list: () => [bcat("snapshots")],
      bare: () => [{ words: [node, "-e", "0"] }],
    };
  },
};
