// Loaded by `--import`: link(2) replaces what has the name, as a place without put-if-absent does. Each of several
// writers is then told that it was the one.
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const { link, rename } = fs;

fs.link = async (existing, path) => {
  const between = `${existing}-link`;
  await link(existing, between);
  // Nothing happens when both are links to one file already.
  await rename(between, path);
};
syncBuiltinESMExports();
