/**
 * The progress of commands on a terminal of 40, 80 and 200 columns, in the middle of their work: what they write is put
 * together with a clock of the test, and shown by a real terminal. Compared with the files in test/screens, which
 * `npx vitest run test/progress-screens.test.ts --update` makes anew.
 */
import * as fs from "node:fs";
import type { BackupProgress, CheckProgress, CopyProgress, DumpProgress, PruneProgress } from "@bcat/snapshot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkProgress } from "../packages/cli/src/check-report.js";
import { progressForm as backupForm } from "../packages/cli/src/commands/backup.js";
import { progressForm as copyForm } from "../packages/cli/src/commands/copy.js";
import { progressForm as dumpForm } from "../packages/cli/src/commands/dump.js";
import { progressForm as importForm } from "../packages/cli/src/commands/import-tar.js";
import { progressForm as restoreForm } from "../packages/cli/src/commands/restore.js";
import { countProgress } from "../packages/cli/src/phase-progress.js";
import { pruneProgress } from "../packages/cli/src/run-prune.js";
import { Desk } from "./cli/desk.js";
import { terminalTextOf } from "./cli/progress-screen.js";
import { hasScreens, screenOf } from "./cli/screen.js";

const GIBIBYTE = 2 ** 30;
const path = Buffer.from("/home/me/photos/the last day of a long summer on the coast/日本語.jpg");
const counts = {
  filesDone: 1_204,
  filesTotal: 2_000,
  bytesDone: 3.4 * GIBIBYTE,
  bytesTotal: 5 * GIBIBYTE,
  dataAdded: GIBIBYTE,
  errors: 0,
  currentPath: path,
};
const begun = { ...counts, filesDone: 0, bytesDone: 0 };
const unknown = { filesTotal: undefined, bytesTotal: undefined };
const summary = {
  ...{ filesRestored: 0, directoriesRestored: 0, symlinksRestored: 0, othersRestored: 0, bytesRestored: 0 },
  ...{ filesUnchanged: 0, bytesUnchanged: 0, deleted: 0, filesVerified: 0, undoSnapshot: undefined },
  ...{ errors: 0, archived: 0, skipped: 0 },
};
const backups: BackupProgress[] = [begun, { ...counts, errors: 2 }];
const firstBackups: BackupProgress[] = [
  { ...begun, ...unknown },
  { ...counts, ...unknown },
];
const dumps: DumpProgress[] = [begun, counts];
const copied = { snapshot: 12, snapshotsDone: 1, snapshotsTotal: 5 };
const copies: CopyProgress[] = [
  { ...begun, ...copied, share: 0.5 },
  { ...counts, ...copied, share: 0.68 },
];
const checks: CheckProgress[] = [
  { phase: "packs", done: 0, total: undefined, share: 0, bytes: 0 },
  { phase: "packs", done: 640, total: undefined, share: 0.4, bytes: 9 * GIBIBYTE },
];
const prunes: PruneProgress[] = [
  { phase: "walking", done: 0, total: undefined, share: 0 },
  { phase: "copying", done: 12, total: 30 },
];

const rewrites = [0, 2].map((done) => ({ phase: "rewriting snapshots", done, total: 5 }));

const screens: Record<string, (columns: number) => string> = {
  "bcat backup ~": (columns) => terminalTextOf(backupForm, backups, columns),
  "bcat backup --no-scan ~": (columns) => terminalTextOf(backupForm, firstBackups, columns),
  "bcat restore latest --target /": (columns) =>
    terminalTextOf(
      restoreForm,
      [begun, counts].map((one) => ({ ...one, summary, share: undefined })),
      columns,
    ),
  "bcat dump latest all --target all.tar": (columns) => terminalTextOf(dumpForm, dumps, columns),
  "bcat copy --from-repo /mnt/disk": (columns) => terminalTextOf(copyForm, copies, columns),
  "bcat import-tar full.tar.gz": (columns) =>
    terminalTextOf(
      importForm,
      [begun, counts].map((one, i) => ({ ...one, ...unknown, share: i * 0.68 })),
      columns,
    ),
  "bcat check --read-data": (columns) => terminalTextOf(checkProgress, checks, columns),
  'bcat rewrite --exclude "*.tmp" latest': (columns) => terminalTextOf(countProgress, rewrites, columns),
  "bcat prune": (columns) => terminalTextOf(pruneProgress, prunes, columns),
};

describe.skipIf(!hasScreens())("progress on a terminal", () => {
  let desk: Desk;
  beforeAll(() => {
    desk = new Desk();
  });
  afterAll(() => desk[Symbol.dispose]());

  test.each([40, 80, 200])("of %d columns", async (width) => {
    const lines = Object.entries(screens).map(([shownAs, textOf], i) => {
      const file = desk.path(`${width}-${i}`);
      fs.writeFileSync(file, `${textOf(width)}\n`);
      return { shownAs, line: `cat ${file}` };
    });
    const screen = await screenOf(desk, lines, width);
    await expect(screen).toMatchFileSnapshot(`screens/progress-${width}.txt`);
  });
});
