/**
 * Makes the program out of what tsc made of all packages: a few files (program.mjs), which load in half the time that
 * some two hundred modules take, and one for each other entry. Modules with WASM are copied beside them (vendor.mjs);
 * packages with native code stay outside, are looked for at run time, and may be missing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildName } from "./build-name.mjs";
import { notices } from "./notices.mjs";
import { pastIndexes } from "./past-indexes.mjs";
import { writeProgram } from "./program.mjs";
import { copyVendored, requireVendored, vendoredPackages } from "./vendor.mjs";

const require = createRequire(import.meta.url);
const folder = fileURLToPath(new URL("..", import.meta.url));
const packages = join(folder, "..");

/** Beside the program: name of the bundle in dist/, without .cjs, and the module that it begins with. */
const entryPoints = {
  library: join(folder, "dist/library/index.js"),
  "contents-worker": join(packages, "snapshot/dist/backup/contents/contents-worker.js"),
  "restore-worker": join(packages, "snapshot/dist/restore/restore-worker.js"),
  "s3-sdk": join(packages, "storage/dist/s3/sdk.js"),
  pg: require.resolve("pg"),
  pgpass: require.resolve("pgpass"),
};

/** What is needed for a repository in a bucket only stays out of the program, which every run reads and compiles whole. */
const apart = {
  name: "apart",
  setup({ onResolve }) {
    // Found from dist/ and from bin/, whichever has the program's `require`.
    onResolve({ filter: /^\.\/sdk\.js$/ }, () => ({ path: "../dist/s3-sdk.cjs", external: true }));
  },
};

const banner = '"use strict";\nconst importMetaUrl = require("node:url").pathToFileURL(__filename).href;';

const common = {
  absWorkingDir: folder,
  outdir: "dist",
  bundle: true,
  // Names stay, and lines are short: Node prints the whole line of an error that nobody catches.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  platform: "node",
  target: "node20.19",
  metafile: true,
  logLevel: "warning",
  legalComments: "none",
  // The file is read as Latin-1, which is fast.
  charset: "ascii",
  define: { "import.meta.url": "importMetaUrl", BCAT_BUILD: JSON.stringify(buildName(packages)) },
  // Both are asked for by pg where they are installed, and never are here.
  external: ["pg-native", "pg-cloudflare"],
  plugins: [apart, pastIndexes, requireVendored],
};

const program = await build({
  ...common,
  entryPoints: { bcat: join(folder, "dist/main.js") },
  format: "esm",
  splitting: true,
  sourcemap: "external",
  write: false,
});
writeProgram(program, { folder, banner });

const others = await build({
  ...common,
  entryPoints,
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  banner: { js: banner },
  // A module that is not found by its name alone would need the loader of Node for it.
  supported: { "dynamic-import": false },
  sourcemap: true,
});

const metafile = { inputs: { ...program.metafile.inputs, ...others.metafile.inputs } };
copyVendored(join(folder, "dist/vendor"));
writeFileSync(join(folder, "dist/THIRD-PARTY-NOTICES.txt"), notices(metafile, vendoredPackages));
checkOutside(metafile);

/**
 * A package that stays outside is looked for from here, and not from the package that uses it: it must be an optional
 * dependency of both, in the same version.
 */
function checkOutside({ inputs }) {
  const own = readPackage("cli").optionalDependencies;
  const missing = new Set();
  for (const name of new Set(Object.keys(inputs).map((path) => /^\.\.\/([^/.]+)\/dist\//.exec(path)?.[1]))) {
    if (name === undefined) continue;
    for (const [dependency, version] of Object.entries(readPackage(name).optionalDependencies ?? {}))
      if (own[dependency] !== version) missing.add(`"${dependency}": "${version}"`);
  }
  if (missing.size > 0) throw new Error(`packages/cli/package.json lacks ${[...missing].join(", ")}`);
}

function readPackage(name) {
  return JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8"));
}
