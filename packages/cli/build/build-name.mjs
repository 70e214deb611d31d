import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A name of what tsc made of the packages in this folder: another one when any module is another. */
export function buildName(packages) {
  const hash = createHash("sha256");
  const dists = readdirSync(packages).sort();
  for (const path of dists.flatMap((name) => modulesIn(join(packages, name, "dist")))) hash.update(readFileSync(path));
  return hash.digest("hex").slice(0, 16);
}

/** Not what bundles have beside them (vendor.mjs), which this build has yet to put there. */
function modulesIn(dist) {
  const names = readdirSync(dist, { recursive: true }).filter((name) => /^(?!vendor\/).*\.js$/.test(name));
  return names.sort().map((name) => join(dist, name));
}
