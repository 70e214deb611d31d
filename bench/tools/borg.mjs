/** borg 1.4. It works on one core. */
import { join } from "node:path";

export const borg = {
  name: "borg",
  program: "borg",
  settings: {
    defaults: "as it comes with repokey-blake2: lz4, segments of 500 MiB",
    matched: "repokey-blake2, zstd 3, segments of 500 MiB",
  },
  versionWords: (program) => [program, "--version"],
  create: (program, track) => {
    const borg = (...words) => ({ words: [program, ...words] });
    return {
      environment: ({ folder, repository, cache, passphrase }) => ({
        BORG_REPO: repository,
        BORG_BASE_DIR: folder,
        BORG_CACHE_DIR: cache,
        BORG_CONFIG_DIR: join(folder, "config"),
        BORG_PASSPHRASE: passphrase,
      }),
      init: () => [borg("init", "--encryption", "repokey-blake2")],
      backup: (_place, sources, archive) => [
        borg("create", ...(track === "matched" ? ["--compression", "zstd,3"] : []), `::${archive}`, ...sources),
      ],
      restore: (_place, _sources, target, archive) => [{ ...borg("extract", `::${archive}`), cwd: target }],
      list: () => [borg("list")],
    };
  },
};
