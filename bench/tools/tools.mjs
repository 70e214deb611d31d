/**
 * The programs that are compared, and where they are. A tool is described by data and by the commands it needs:
 *
 *     environment(place)                        variables, beside PATH and HOME
 *     init(place)                               makes the repository; not timed
 *     backup(place, sources, archive)           `archive` names the run, for tools that want a name
 *     restore(place, sources, target, archive)  `target` is an empty folder
 *     list(place)                               lists what is in the repository; undefined where there is no such thing
 *     bare()                                    its runtime with nothing to do, if it has one
 *
 * `place` is `{folder, repository, cache, passphrase, keyFile?}`, fresh for each round.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { bcat } from "./bcat.mjs";
import { borg } from "./borg.mjs";
import { bupstash } from "./bupstash.mjs";
import { kopia } from "./kopia.mjs";
import { plain } from "./plain.mjs";
import { restic } from "./restic.mjs";
import { rustic } from "./rustic.mjs";

const peers = [restic, kopia, rustic, borg, bupstash, plain];
export const toolNames = [bcat, ...peers].map(({ name }) => name);

/**
 * Finds the tools wanted: bcat once for each Node, then every peer that is there.
 *
 * @param {{only?: string[], nodes: string[], folder?: string, track: string}} wanted `folder` is looked at before PATH
 * @returns tools as `{name, version, settings, ...commands}`; the first bcat has just that name
 */
export function findTools({ only = toolNames, nodes, folder, track }) {
  const tools = [];
  if (only.includes(bcat.name)) {
    for (const node of nodes) {
      const version = numberOf(firstLine([node, "--version"]));
      const name = tools.length === 0 ? bcat.name : `bcat, Node ${version.split(".", 1)[0]}`;
      tools.push({ ...describe(bcat, node, track), name, node: version });
    }
  }
  for (const peer of peers) {
    const program = only.includes(peer.name) ? findProgram(peer.program, folder) : undefined;
    if (program !== undefined) tools.push(describe(peer, program, track));
  }
  return tools;
}

function describe(tool, program, track) {
  const versionWords = tool.versionWords(program);
  const commands = tool.create(program, track);
  return {
    name: tool.name,
    version: numberOf(firstLine(versionWords)),
    settings: tool.settings[track],
    versionWords,
    ...commands,
  };
}

function findProgram(name, folder) {
  const folders = [...(folder === undefined ? [] : [folder]), ...(process.env.PATH ?? "").split(delimiter)];
  return folders.map((each) => join(each, name)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** "1.2.3-rc" of a line such as "tool 1.2.3-rc (built somehow)". */
function numberOf(line) {
  return /\d+\.\d+[\w.+-]*/.exec(line)?.[0] ?? line;
}

function firstLine([program, ...words]) {
  return execFileSync(program, words, { encoding: "utf8" }).split("\n", 1)[0].trim();
}
