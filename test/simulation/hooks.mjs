/**
 * How the simulation loads its modules: TypeScript as it stands; of the packages what is built, where caches lie on the
 * disk of `disk.ts` instead of `node:fs`, messages are sealed by `cryptography.ts`, and, for a planted bug, with a piece of text replaced.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

const disk = new URL("disk.ts", import.meta.url).href;
const cryptography = new URL("cryptography.ts", import.meta.url).href;
/** Of these, what calls `node:fs` does so for caches, or to look at the folders of a machine. */
const ON_DISK = /\/packages\/(?:repository|pack\/dist\/segment|snapshot)\//;
/** Of all that is loaded, what seals and derives keys. */
const SEALS = /\/packages\/crypto\/dist\/|\/independent-reader\/sealed\.ts$/;
let patches = [];

export function initialize(data) {
  patches = data.patches;
}

export async function resolve(specifier, context, next) {
  const { parentURL = "" } = context;
  if (specifier === "node:fs" && ON_DISK.test(parentURL)) return { url: disk, shortCircuit: true };
  if (specifier === "node:crypto" && SEALS.test(parentURL)) return { url: cryptography, shortCircuit: true };
  if (parentURL.endsWith(".ts") && specifier.startsWith(".") && specifier.endsWith(".js"))
    return await next(specifier.replace(/\.js$/, ".ts"), context);
  return await next(specifier, context);
}

export async function load(url, context, next) {
  if (url.endsWith(".ts")) {
    const text = await readFile(fileURLToPath(url), "utf8");
    const { code } = await transform(text, {
      loader: "ts",
      format: "esm",
      target: "node20",
      sourcefile: fileURLToPath(url),
      sourcemap: "inline",
    });
    return { format: "module", source: code, shortCircuit: true };
  }
  const loaded = await next(url, context);
  const here = patches.filter(({ module }) => url.endsWith(`/packages/${module}`));
  if (here.length === 0) return loaded;
  return { ...loaded, source: here.reduce(patched, Buffer.from(loaded.source).toString("utf8")) };
}

function patched(text, { module, from, to }) {
  const parts = text.split(from);
  if (parts.length !== 2)
    throw new Error(`Cannot plant into ${module}: "${from}" stands there ${parts.length - 1} times`);
  return parts.join(to);
}
