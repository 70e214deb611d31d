/** rustic 0.11 or newer, in restic's repository format. */
export const rustic = {
  name: "rustic",
  program: "rustic",
  settings: {
    defaults: "as it comes: zstd 3, packs of 32 MiB growing, every blob verified before upload",
    matched: "zstd 3, packs of 64 MiB, no extra verification",
  },
  versionWords: (program) => [program, "--version"],
  create: (program, track) => {
    const rustic = (...words) => ({ words: [program, ...words] });
    const matched = [
      ...["--set-compression", "3", "--set-extra-verify", "false"],
      ...["--set-datapack-size", "64MiB", "--set-datapack-growfactor", "0"],
    ];
    return {
      environment: ({ repository, cache, passphrase }) => ({
        RUSTIC_REPOSITORY: repository,
        RUSTIC_CACHE_DIR: cache,
        RUSTIC_PASSWORD: passphrase,
      }),
      init: () => [rustic("init", ...(track === "matched" ? matched : []))],
      backup: (_place, sources) => [rustic("backup", ...sources)],
      restore: (_place, _sources, target) => [rustic("restore", "latest", target)],
      list: () => [rustic("snapshots")],
    };
  },
};
