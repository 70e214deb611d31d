import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyInto, librariesOf } from "./empty-root.mjs";
import { checkLeft, filesIn, goOn, roundTrip, version } from "./round-trip.mjs";

/** npm runs outside, with the Node that runs this; the Node is copied, so that what it installed runs inside. */
export function npmCases({ root, packages, work }) {
  const before = filesIn(root);
  mkdirSync(join(root, "usr/local/bin"), { recursive: true });
  const node = join(root, "usr/local/bin/node");
  copyFileSync(process.execPath, node);
  for (const library of librariesOf(process.execPath)) copyInto(root, library);
  const copied = filesIn(root);
  npm(root, work, "install", packages.npm);
  assert.match(version(root), /^bcat \S+ on Node\.js v[\s\S]*blake3 +blake-hash\n[\s\S]*posix +koffi\n/);
  roundTrip(root);
  npm(root, work, "install", packages.npm);
  goOn(root);
  npm(root, work, "uninstall", "bcat-backup");
  checkLeft(root, copied, [/^\/srv\/repository\//, /^\/root\/\.cache\/bcat\//, /^\/home\/me\//]);
  for (const path of copied) if (!before.includes(path)) rmSync(join(root, path));
  console.log("npm: installed, used, upgraded, removed");
}

function npm(root, work, ...words) {
  // Nothing is compiled, also where it could be.
  const env = {
    ...process.env,
    HOME: join(work, "home"),
    CC: "/bin/false",
    CXX: "/bin/false",
    npm_config_python: "/bin/false",
  };
  const all = [
    ...words,
    "--global",
    "--prefix",
    join(root, "usr/local"),
    "--no-audit",
    "--no-fund",
    "--loglevel",
    "error",
  ];
  const { status, stderr } = spawnSync(join(dirname(process.execPath), "npm"), all, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm ${words.join(" ")} failed:\n${stderr}`);
}
