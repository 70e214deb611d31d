/** The program with a Node of its own and the native parts, pinned by the lock files in linux-x64/ and linux-arm64/. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { layOut } from "./npm.mjs";
import { run } from "./run.mjs";

/** Files of each package of the lock that go along, and where to. */
function parts(architecture) {
  const node = `node-linux-${architecture}`;
  const koffi = `@koromix/koffi-linux-${architecture}`;
  const blake3 = `@napi-rs/blake-hash-linux-${architecture}-gnu`;
  return [
    [`${node}/bin/node`, "node"],
    [`${node}/LICENSE`, "licenses/node"],
    [`${koffi}/package.json`, `node_modules/${koffi}/package.json`],
    [`${koffi}/linux_${architecture}/koffi.node`, `node_modules/${koffi}/linux_${architecture}/koffi.node`],
    [`${blake3}/package.json`, `node_modules/${blake3}/package.json`],
    [`${blake3}/blake.linux-${architecture}-gnu.node`, `node_modules/${blake3}/blake.linux-${architecture}-gnu.node`],
  ];
}

/** Lays out in `folder`, which is made: `node`, `bin/bcat.js`, and all that they need. */
export function layOutWithNode({ root, folder, work, architecture }) {
  layOut({ root, folder });
  const fetched = fetchPinned({ root, work, architecture });
  for (const [from, to] of parts(architecture)) copy(join(fetched, from), join(folder, to));
  chmodSync(join(folder, "node"), 0o755);
  // The packages with the binaries have no text of it.
  for (const [name, file] of [
    ["koffi", "LICENSE.txt"],
    ["@napi-rs/blake-hash", "LICENSE"],
  ])
    copy(join(root, "node_modules", name, file), join(folder, "licenses", name.replace("/", "-")));
}

/** Once for an architecture. npm compares what it fetches with the checksums of the lock file. */
function fetchPinned({ root, work, architecture }) {
  const target = join(work, `linux-${architecture}`);
  if (!existsSync(target)) {
    cpSync(join(root, "scripts/packages", `linux-${architecture}`), target, { recursive: true });
    // They are for a machine that may be another one than this.
    run("npm", ["ci", "--ignore-scripts", "--force", "--silent", "--no-audit", "--no-fund"], { cwd: target });
  }
  return join(target, "node_modules");
}

/** What a shell and `man` know of it, below `share`. @param time that the pages bear, seconds since 1970 */
export function layOutManual({ root, share, work, time }) {
  const cli = join(root, "packages/cli");
  const pages = join(work, "man");
  run(process.execPath, [join(cli, "build/man.mjs"), pages], { env: { SOURCE_DATE_EPOCH: String(time) } });
  for (const name of readdirSync(pages)) zip(join(pages, name), join(share, "man/man1", `${name}.gz`));
  for (const [shell, place] of Object.entries(completions))
    write(join(share, place), run(process.execPath, [join(cli, "bin/bcat.js"), "completion", shell]));
}

const completions = {
  bash: "bash-completion/completions/bcat",
  zsh: "zsh/vendor-completions/_bcat",
  fish: "fish/vendor_completions.d/bcat.fish",
};

function zip(from, to) {
  write(to, gzipSync(readFileSync(from), { level: 9 }));
}

function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

export function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
