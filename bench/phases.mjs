/**
 * What one tool does in one round of a workload, each phase as whole processes on a fresh repository and cache. The
 * order is that of a user's life: first backup, the same again with nothing changed, restore into an empty folder.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { folderSize } from "./folder-size.mjs";
import { measure, runAll } from "./measure.mjs";
import { compareHashes, hashTree } from "./tree-hash.mjs";

/**
 * @param round `{workload, tool, folder, sources, hashes?}`: `folder` is made and removed; what was restored is compared
 * when `hashes` of the sources are given
 * @param note called with the sample of each phase as soon as it is measured
 * @returns `{size?, restored?}`
 */
export async function runRound(round, note) {
  const { workload, tool, folder } = round;
  const place = makePlace(folder, workload);
  const options = { env: environmentOf(tool, place), memoryFile: join(folder, "memory") };
  const time = async (phase, commands) => note({ tool: tool.name, phase, ...(await measure(commands, options)) });
  try {
    await runAll(tool.init(place), options);
    if (workload.repeat === undefined) return await lifeOfRepository({ ...round, place, time });
    await startUp({ ...round, place, options, time });
    return {};
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function lifeOfRepository({ tool, folder, sources, hashes, place, time }) {
  await time("first", tool.backup(place, sources, "first"));
  const size = existsSync(place.repository) ? folderSize(place.repository) : undefined;
  await time("unchanged", tool.backup(place, sources, "unchanged"));
  const target = join(folder, "target");
  mkdirSync(target);
  // The yardstick stores only the first backup.
  await time("restore", tool.restore(place, sources, target, "first"));
  const restored = hashes === undefined ? undefined : compareRestored(target, sources, hashes);
  return { size, restored };
}

async function startUp({ workload, tool, sources, place, options, time }) {
  if (tool.list === undefined) return;
  await runAll(tool.backup(place, sources, "first"), options);
  for (let i = 0; i < workload.repeat; i++) {
    if (tool.bare !== undefined) await time("bare", tool.bare());
    await time("version", [{ words: tool.versionWords }]);
    await time("list", tool.list(place));
    await time("two files", tool.backup(place, sources, `again-${i}`));
  }
}

function makePlace(folder, { withKeyFile }) {
  mkdirSync(folder, { recursive: true });
  const place = { folder, repository: join(folder, "repository"), cache: join(folder, "cache"), passphrase: "bench" };
  if (!withKeyFile) return place;
  const keyFile = join(folder, "key-file");
  writeFileSync(keyFile, Buffer.alloc(32, 7));
  return { ...place, keyFile };
}

/** Nothing of the user's own settings reaches a tool. */
function environmentOf(tool, place) {
  return { PATH: process.env.PATH, HOME: place.folder, LC_ALL: "C.UTF-8", ...tool.environment(place) };
}

/** "same", or how the first source that differs does. */
function compareRestored(target, sources, hashes) {
  for (const [i, source] of sources.entries()) {
    const found = compareHashes(hashes[i], hashTree(restoredFolder(target, source, sources)));
    if (found !== "same") return found;
  }
  return "same";
}

/** Tools differ in how much of a path they restore: all of it, what lies below the sources' common parent, or its end. */
function restoredFolder(target, source, sources) {
  const parent = sources.reduce((common, other) => {
    while (!`${other}/`.startsWith(`${common}/`)) common = join(common, "..");
    return common;
  }, sources[0]);
  const candidates = [join(target, source), join(target, relative(parent, source)), join(target, basename(source))];
  return candidates.find((candidate) => candidate !== target && existsSync(candidate)) ?? target;
}
