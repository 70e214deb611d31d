/** docs/from-restic.md, all of it: what restic's words are here. */
import type { Command } from "../command.js";
import { optionRows, type Row, resticTable, type Section, variableRows } from "./table.js";

const head = `# Coming from restic

<!-- Made by packages/cli/build/from-restic.mjs out of the program's own tables: change those, and run it. -->

What restic 0.19 calls its commands and flags, and what they are here. Most are called the same, take the same values and mean the same. A word that bcat has not is answered on the command line by the line that stands here (exit code 2); one that asks for what is so anyway is taken, and \`-v\` says that it does nothing.

Different from restic in all commands:

- A snapshot has a number: \`12\`, \`latest\`, or \`latest~2\` for the one two before it. \`latest:/home/me\` is a folder of one.
- There are no locks. Several backups, restores, checks and prunes may run at the same time, on any number of machines.
- A repository of restic cannot be read by bcat, and none of bcat's by restic. \`restic dump latest / | bcat import-tar --as / --host NAME --time "2026-05-01 03:00:00"\` takes a snapshot along.
- Exit codes are restic's, where it has one: 0, 1, 3, 10, 12, 130. 11 is a storage that is unreachable, refused or full; \`bcat --help\` lists them all.
- With \`--json\`, messages and fields are called as restic's; there are more of them. \`ls\` prints one array.
- With no repository named, it is \`~/.local/share/bcat\`, and not an error.
`;

const places = `## Places

| restic | bcat |
|---|---|
| \`/srv/backup\`, \`local:/srv/backup\` | the same |
| \`s3:https://host/bucket/prefix\`, \`s3:host/bucket/prefix\` | the same; \`s3://bucket/prefix\`, too |
| \`rest:https://…\` | to read only: \`https://host/path\` of any web server |
| \`sftp:\`, \`rclone:\`, \`b2:\`, \`azure:\`, \`gs:\`, \`swift:\` | not in this version: mount it (\`rclone mount\`, \`sshfs\`) and name the folder, or use the S3 address that most of them have |
`;

/** Ends with a line break. */
export function resticPage(commands: readonly Command[]): string {
  const [everywhere, ...sections] = resticTable(commands);
  return [
    head,
    "## Commands\n",
    table(sections.map(({ name, answer }) => ({ word: name, answer }))),
    "## Flags of all commands\n",
    table(everywhere!.flags),
    ...sections.filter(({ flags }) => flags.length > 0).flatMap(flagSection),
    "## Variables\n",
    "Every flag is a variable: `--cache-dir` is `BCAT_CACHE_DIR`. Variables called `RESTIC_…` are not heeded, which is said where nothing names the repository or the passphrase.\n",
    table(variableRows(commands)),
    "## Names of `-o`, `--option`\n",
    table(optionRows()),
    places,
  ].join("\n");
}

function flagSection({ name, flags }: Section): string[] {
  return [`### ${name}\n`, table(flags)];
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ word, answer }) => `| \`${word}\` | ${(answer ?? "").replaceAll("|", "\\|")} |`);
  return ["| restic | bcat |", "|---|---|", ...lines, ""].join("\n");
}
