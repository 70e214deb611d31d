/** All commands, in the groups and the order of the overview. */
import type { Command } from "./command.js";
import { backup } from "./commands/backup.js";
import { cache } from "./commands/cache.js";
import { cat } from "./commands/cat.js";
import { check } from "./commands/check.js";
import { completion } from "./commands/completion.js";
import { copy } from "./commands/copy.js";
import { diff } from "./commands/diff.js";
import { doctor } from "./commands/doctor.js";
import { dump } from "./commands/dump.js";
import { explain } from "./commands/explain.js";
import { find } from "./commands/find.js";
import { forget } from "./commands/forget.js";
import { history } from "./commands/history.js";
import { importTar } from "./commands/import-tar.js";
import { init } from "./commands/init.js";
import { key } from "./commands/key.js";
import { list } from "./commands/list.js";
import { ls } from "./commands/ls.js";
import { pin, unpin } from "./commands/pin.js";
import { prune } from "./commands/prune.js";
import { repair } from "./commands/repair.js";
import { restore } from "./commands/restore.js";
import { rewrite } from "./commands/rewrite.js";
import { scrub } from "./commands/scrub.js";
import { snapshots } from "./commands/snapshots.js";
import { stats } from "./commands/stats.js";
import { tag } from "./commands/tag.js";
import { undelete } from "./commands/undelete.js";
import { undo } from "./commands/undo.js";
import { version } from "./commands/version.js";

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command[];
}

export const commandGroups: readonly CommandGroup[] = [
  { title: "Back up", commands: [init, backup, importTar] },
  { title: "Look", commands: [snapshots, ls, find, diff, history, explain, stats] },
  { title: "Get back", commands: [restore, undo, dump] },
  { title: "Keep and forget", commands: [forget, undelete, pin, unpin, tag, rewrite, prune] },
  { title: "Look after repositories", commands: [check, scrub, repair, copy, key, cache, doctor, list, cat] },
  { title: "The program itself", commands: [version, completion] },
];

export const commands: readonly Command[] = commandGroups.flatMap((group) => group.commands);
