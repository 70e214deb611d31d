/** restic 0.17 or newer. */
export const restic = {
  name: "restic",
  program: "restic",
  settings: {
    defaults: "as it comes: zstd about 3, packs of 16 MiB, every blob verified before upload",
    matched: "zstd about 3, packs of 64 MiB, no extra verification, no scan for the progress line",
  },
  versionWords: (program) => [program, "version"],
  create: (program, track) => {
    const restic = (...words) => ({ words: [program, ...words] });
    const matched = ["--no-extra-verify", "--no-scan", "--compression", "auto", "--pack-size", "64"];
    return {
      environment: ({ repository, cache, passphrase }) => ({
        RESTIC_REPOSITORY: repository,
        RESTIC_CACHE_DIR: cache,
        RESTIC_PASSWORD: passphrase,
      }),
      init: () => [restic("init")],
      backup: (_place, sources) => [restic("backup", ...(track === "matched" ? matched : []), ...sources)],
      restore: (_place, _sources, target) => [restic("restore", "latest", "--target", target)],
      list: () => [restic("snapshots")],
    };
  },
};
