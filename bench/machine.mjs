/** What the figures were made on. */
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem } from "node:os";

const TMPFS_MAGIC = 0x0102_1994;

/** @param work the folder where sources and repositories are */
export async function describeMachine(work) {
  const { type } = await statfs(work);
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    system: `${distribution()}, Linux ${release()}`,
    fileSystem: type === TMPFS_MAGIC ? "tmpfs" : `file system 0x${type.toString(16)}`,
  };
}

function distribution() {
  try {
    return /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  } catch {
    return "Linux";
  }
}
