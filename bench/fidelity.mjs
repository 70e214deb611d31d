/**
 * What each program keeps of what a file system holds: `node bench/fidelity.mjs [--peers FOLDER] [--tools bcat,restic,…]
 * [--work FOLDER]`. Backs up each aspect of the corpus of `test/kit/fidelity-corpus.mjs` and restores it elsewhere, as whoever
 * runs this is, all programs as they come, and prints a table; on stderr it says what differs.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keeps, makeCorpus, unmake } from "../test/kit/fidelity-corpus.mjs";
import { findTools, toolNames } from "./tools/tools.mjs";

const text = { type: "string" };
const { values } = parseArgs({ options: { peers: text, tools: text, work: text } });
const only = values.tools?.split(",") ?? toolNames.filter((name) => name !== "plain");

const work = mkdtempSync(join(values.work ?? "/dev/shm", "bcat-fidelity-"));
try {
  const source = join(work, "source");
  const { made, missing } = await makeCorpus(source);
  for (const { aspect, why } of missing) process.stderr.write(`not here: ${aspect.name}: ${why}\n`);
  const tools = findTools({ only, nodes: [process.execPath], folder: values.peers, track: "defaults" });
  const columns = tools.map((tool) => kept(tool, source, made));
  printTable(tools, columns, made);
} finally {
  unmake(work);
}
// A socket of the corpus is still listened to.
process.exit();

/** For each aspect that was made, whether the tool gives it back. */
function kept(tool, source, made) {
  const folder = join(work, tool.name);
  const repository = join(folder, "repository");
  const place = { folder, repository, cache: join(folder, "cache"), passphrase: "passphrase" };
  mkdirSync(place.cache, { recursive: true });
  for (const command of tool.init(place)) run(tool, place, command);
  // One after the other: what a tool cannot restore may keep it from restoring what follows.
  return made.map(({ aspect, folder: name }) => {
    const path = join(source, name);
    const target = join(folder, name);
    mkdirSync(target);
    for (const command of tool.backup(place, [path], name)) run(tool, place, command);
    for (const command of tool.restore(place, [path], target, name)) run(tool, place, command);
    const answer = keeps(aspect, path, [join(target, path), target].find(existsSync));
    if (answer !== true) process.stderr.write(`${tool.name}: ${aspect.name}: ${answer}\n`);
    return answer === true;
  });
}

/** Many end with a warning where something could not be kept. */
function run(tool, place, { words: [program, ...words], cwd }) {
  const env = { PATH: process.env.PATH, HOME: place.folder, ...tool.environment(place) };
  try {
    execFileSync(program, words, { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    process.stderr.write(
      `${tool.name}: exit code ${error.status}: ${String(error.stderr).trim().split("\n").slice(-2).join(" ")}\n`,
    );
  }
}

function printTable(tools, columns, made) {
  const row = (cells) => `| ${cells.join(" | ")} |\n`;
  process.stdout.write(row(["", ...tools.map(({ name, version }) => `${name} ${version}`)]));
  process.stdout.write(row(["---", ...tools.map(() => "---")]));
  made.forEach(({ aspect }, i) => {
    process.stdout.write(row([aspect.name, ...columns.map((column) => (column[i] ? "yes" : "no"))]));
  });
}
