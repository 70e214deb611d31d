/** For `node --require`: writes to $LOADED_FILES which files of dist/ the process read, and which modules of Node it loaded. */
"use strict";
const fs = require("node:fs");
const { basename } = require("node:path");

const list = process.env.LOADED_FILES;
const files = new Set();
const { readFileSync, writeFileSync } = fs;
fs.readFileSync = (path, ...options) => {
  if (typeof path === "string" && path.endsWith(".cjs") && path.includes("/dist/")) files.add(basename(path, ".cjs"));
  return readFileSync(path, ...options);
};
process.on("exit", () => {
  const builtins = process.moduleLoadList.map((name) => name.replace(/^NativeModule /, ""));
  writeFileSync(list, JSON.stringify({ files: [...files], builtins }));
});
