/** Tarballs with the same bytes for the same files: sorted, owned by nobody in particular, all of one time. */
import { basename, dirname } from "node:path";
import { run } from "./run.mjs";

const options = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu", "--mode=go=rX,u+rw"];

/**
 * @param time in seconds since 1970, of all files
 * @param level of gzip
 * @returns `target`
 */
export function packFolder({ folder, target, time, level }) {
  const from = ["-C", dirname(folder), basename(folder)];
  // -n: without the time of now in the head of gzip.
  run("tar", ["-c", ...options, `--mtime=@${time}`, `--use-compress-program=gzip -n -${level}`, "-f", target, ...from]);
  return target;
}
