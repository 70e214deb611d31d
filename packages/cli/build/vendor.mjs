/**
 * Modules of other packages that are loaded as they are: WASM cannot lie in the bundle without being read and decoded by
 * every run. Their files are copied to dist/vendor/, and what the program asks for by the package's name is found there.
 */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const { resolve } = createRequire(import.meta.url);

/** What the program asks for, and the files of the package that it needs; the first is what was asked for. */
const modules = {
  "fastcdc-wasm": ["fastcdc_wasm.js", "fastcdc_wasm_bg.wasm"],
  "blake3-wasm/dist/wasm/nodejs/blake3_js.js": ["dist/wasm/nodejs/blake3_js.js", "dist/wasm/nodejs/blake3_js_bg.wasm"],
  "@bokuweb/zstd-wasm": [
    "dist/common/index.node.js",
    "dist/common/module.js",
    "dist/common/zstd.js",
    "dist/common/zstd.wasm",
    "dist/common/errors/index.js",
    "dist/common/simple/compress.js",
    "dist/common/simple/compress_using_dict.js",
    "dist/common/simple/decompress.js",
    "dist/common/simple/decompress_using_dict.js",
  ],
};

/** Asked for by name, and bundled to files of their own: most runs need none of them. */
const bundled = { pg: "./pg.cjs", pgpass: "./pgpass.cjs" };

/** Names of the packages whose files are copied. */
export const vendoredPackages = Object.keys(modules).map(packageOf);

export function copyVendored(target) {
  rmSync(target, { recursive: true, force: true });
  for (const [name, files] of Object.entries(modules)) {
    const folder = packageFolder(packageOf(name));
    for (const file of ["package.json", ...files]) {
      const copy = join(target, packageOf(name), file);
      mkdirSync(dirname(copy), { recursive: true });
      cpSync(join(folder, file), copy);
    }
  }
}

/** Plugin of esbuild: `createRequire` of our own modules knows where the copies are. */
export const requireVendored = {
  name: "require-vendored",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:module$/ }, ({ importer, namespace }) =>
      namespace === "vendored" || importer.includes("/node_modules/")
        ? undefined
        : { path: "node:module", namespace: "vendored" },
    );
    onLoad({ filter: /.*/, namespace: "vendored" }, () => ({ contents: moduleWithCopies(), resolveDir: "." }));
  },
};

/** In place of node:module. Paths are those seen from dist/, where all bundles are. */
function moduleWithCopies() {
  const copies = { ...bundled };
  for (const [name, [entry]] of Object.entries(modules)) copies[name] = `./vendor/${packageOf(name)}/${entry}`;
  return `
import { createRequire as create } from "node:module";
const copies = ${JSON.stringify(copies)};
export function createRequire(url) {
  const found = create(url);
  const there = (name) => found(copies[name] ?? name);
  there.resolve = (name) => found.resolve(copies[name] ?? name);
  return there;
}`;
}

function packageOf(name) {
  const parts = name.split("/");
  return parts.slice(0, name.startsWith("@") ? 2 : 1).join("/");
}

/** Packages need not export their package.json. */
export function packageFolder(name) {
  const paths = resolve.paths(name).map((path) => join(path, name));
  return paths.find((path) => {
    try {
      return resolve(join(path, "package.json")) !== undefined;
    } catch {
      return false;
    }
  });
}
