/**
 * Makes the program out of what tsc made of all packages: each entry is one file, which loads in half the time that some
 * two hundred modules take. Packages with native code or WASM stay outside and are found at run time.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = fileURLToPath(new URL("..", import.meta.url));
const packages = join(folder, "..");

/** Name of the bundle in dist/, without .cjs, and the module that it begins with. */
const entryPoints = {
  bcat: join(folder, "dist/main.js"),
  "contents-worker": join(packages, "snapshot/dist/backup/contents/contents-worker.js"),
  "restore-worker": join(packages, "snapshot/dist/restore/restore-worker.js"),
  "s3-sdk": join(packages, "storage/dist/s3/sdk.js"),
};

/** What is needed for a repository in a bucket only stays out of the program, which every run reads and compiles whole. */
const apart = {
  name: "apart",
  setup({ onResolve }) {
    // Found from dist/ and from bin/, whichever has the program's `require`.
    onResolve({ filter: /^\.\/sdk\.js$/ }, () => ({ path: "../dist/s3-sdk.cjs", external: true }));
  },
};

const { metafile } = await build({
  absWorkingDir: folder,
  entryPoints,
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20.19",
  sourcemap: true,
  metafile: true,
  logLevel: "warning",
  // The file is read as Latin-1, which is fast.
  charset: "ascii",
  banner: { js: '"use strict";\nconst importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  define: { "import.meta.url": "importMetaUrl" },
  // A module that is not found by its name alone would need the loader of Node for it.
  supported: { "dynamic-import": false },
  plugins: [apart],
});

checkOutside(metafile);

/**
 * A package that stays outside is looked for from here, and not from the package that uses it: it must be a dependency
 * of both, in the same version.
 */
function checkOutside({ inputs }) {
  const paths = Object.keys(inputs);
  const own = readPackage("cli");
  const missing = new Set();
  for (const name of new Set(paths.map((path) => /^\.\.\/([^/]+)\/dist\//.exec(path)?.[1]))) {
    if (name === undefined || name === "..") continue;
    for (const [dependency, version] of Object.entries(readPackage(name))) {
      const inside = dependency.startsWith("@bcat/") || paths.some((path) => path.includes(`/${dependency}/`));
      if (!inside && own[dependency] !== version) missing.add(`"${dependency}": "${version}"`);
    }
  }
  if (missing.size > 0) throw new Error(`packages/cli/package.json lacks ${[...missing].join(", ")}`);
}

function readPackage(name) {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"));
  return { ...dependencies, ...optionalDependencies };
}
