/** Each command by its name, loaded when it is asked for: a run needs one, and what is not loaded takes no time. */
import type { Command } from "./command.js";

const loaders: Readonly<Record<string, () => Promise<Command>>> = {
  backup: async () => (await import("./commands/backup.js")).backup,
  cache: async () => (await import("./commands/cache.js")).cache,
  cat: async () => (await import("./commands/cat.js")).cat,
  check: async () => (await import("./commands/check.js")).check,
  completion: async () => (await import("./commands/completion.js")).completion,
  copy: async () => (await import("./commands/copy.js")).copy,
  diff: async () => (await import("./commands/diff.js")).diff,
  doctor: async () => (await import("./commands/doctor.js")).doctor,
  dump: async () => (await import("./commands/dump.js")).dump,
  explain: async () => (await import("./commands/explain.js")).explain,
  find: async () => (await import("./commands/find.js")).find,
  forget: async () => (await import("./commands/forget.js")).forget,
  history: async () => (await import("./commands/history.js")).history,
  "import-tar": async () => (await import("./commands/import-tar.js")).importTar,
  init: async () => (await import("./commands/init.js")).init,
  key: async () => (await import("./commands/key.js")).key,
  list: async () => (await import("./commands/list.js")).list,
  ls: async () => (await import("./commands/ls.js")).ls,
  pin: async () => (await import("./commands/pin.js")).pin,
  prune: async () => (await import("./commands/prune.js")).prune,
  repair: async () => (await import("./commands/repair.js")).repair,
  restore: async () => (await import("./commands/restore.js")).restore,
  rewrite: async () => (await import("./commands/rewrite.js")).rewrite,
  scrub: async () => (await import("./commands/scrub.js")).scrub,
  snapshots: async () => (await import("./commands/snapshots.js")).snapshots,
  stats: async () => (await import("./commands/stats.js")).stats,
  tag: async () => (await import("./commands/tag.js")).tag,
  undelete: async () => (await import("./commands/undelete.js")).undelete,
  undo: async () => (await import("./commands/undo.js")).undo,
  unpin: async () => (await import("./commands/pin.js")).unpin,
  version: async () => (await import("./commands/version.js")).version,
};

/** Undefined where there is no such command. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(loaders, name) ? await loaders[name]!() : undefined;
}

export const commandNames: readonly string[] = Object.keys(loaders);
