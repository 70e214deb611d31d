/** kopia: one snapshot for each source, so a restore of several takes as many commands. */
import { join } from "node:path";

export const kopia = {
  name: "kopia",
  program: "kopia",
  settings: {
    defaults: "as it comes: no compression, packs of about 20 MiB",
    matched: "zstd (its middle level, about 3), packs of 64 MiB",
  },
  versionWords: (program) => [program, "--version"],
  create: (program, track) => {
    const kopia = (...words) => ({ words: [program, ...words] });
    const matched = [
      kopia("policy", "set", "--global", "--compression", "zstd"),
      kopia("repository", "set-parameters", "--max-pack-size-mb", "64"),
    ];
    return {
      environment: ({ folder, cache, passphrase }) => ({
        KOPIA_CONFIG_PATH: join(folder, "kopia.config"),
        KOPIA_CACHE_DIRECTORY: cache,
        KOPIA_LOG_DIR: join(folder, "logs"),
        KOPIA_CHECK_FOR_UPDATES: "false",
        KOPIA_PASSWORD: passphrase,
      }),
      init: ({ repository, cache }) => [
        kopia("repository", "create", "filesystem", "--path", repository, "--cache-directory", cache),
        ...(track === "matched" ? matched : []),
      ],
      backup: (_place, sources) => [kopia("snapshot", "create", ...sources)],
      restore: (_place, sources, target) =>
        sources.map((source) =>
          kopia("snapshot", "restore", source, join(target, source), "--snapshot-time", "latest"),
        ),
      list: () => [kopia("snapshot", "list")],
    };
  },
};
