/**
 * Plugin of esbuild: what one of our packages takes of another comes from the module that has it, and not through the
 * index of that package, which would bring all of it along wherever a single thing is asked for at run time. Indexes only
 * name things, so nothing else changes. It reads what tsc writes, where an import is one statement at the begin of a line.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packages = fileURLToPath(new URL("../..", import.meta.url));

const staticImport = /^(import|export) \{([^}]*)\} from "(@bcat\/[^"]+)";/gm;
/** The only forms in which things of another package are asked for at run time: by their names, or by one for all. */
const namedImport = /const \{([^}]*)\} = await import\("(@bcat\/[^"]+)"\)/g;
const wholeImport = /const (\w+) = await import\("(@bcat\/[^"]+)"\)/g;
const separator = "+";

export const pastIndexes = {
  name: "past-indexes",
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /\/packages\/[^/]+\/dist\/.*\.js$/ }, ({ path }) => ({ contents: direct(path), loader: "js" }));
    onResolve({ filter: /^only:/ }, ({ path }) => ({ path, namespace: "only" }));
    onLoad({ filter: /.*/, namespace: "only" }, ({ path }) => ({ contents: only(path), resolveDir: packages }));
  },
};

function direct(path) {
  const text = readFileSync(path, "utf8");
  refuseChanging(text, path);
  const changed = text
    .replace(staticImport, (_all, keyword, names, from) => statements(keyword, listed(names, " as "), from))
    .replace(namedImport, (_all, names, from) => {
      const wanted = listed(names, ":").map(([name]) => name);
      return `const {${names}} = await import("${onlyPath(from, wanted)}")`;
    })
    .replace(
      wholeImport,
      (_all, own, from) => `const ${own} = await import("${onlyPath(from, usedOf(own, text, path))}")`,
    );
  const left = /import\(\s*"@bcat\/[^"]+"/.exec(changed);
  if (left !== null) throw new Error(`${path} brings all of a package along: ${left[0]}`);
  return changed;
}

/** What is exported is taken once (loadable.mjs): a variable gets one value, while its module is loaded. */
function refuseChanging(text, path) {
  for (const [, name] of text.matchAll(/^export (?:let|var) (\w+)/gm))
    if (text.match(new RegExp(`\\b${name} [-+*/|&?]*= `, "g"))?.length !== 1)
      throw new Error(`${path} exports ${name}, which changes`);
}

function onlyPath(from, names) {
  return `only:${from}:${[...new Set(names)].sort().join(separator)}`;
}

/** Names that are taken of what has all. @throws Error where it goes on to somebody else, who may take more */
function usedOf(own, text, path) {
  const uses = [...text.matchAll(new RegExp(`(?<![\\w.])${own}\\b(?! = await import)(?:\\.(\\w+))?`, "g"))];
  if (uses.some(([, name]) => name === undefined)) throw new Error(`${path} passes on all of a package`);
  return uses.map(([, name]) => name);
}

/** A module with some things of a package. */
function only(path) {
  const [, from, names] = path.split(":");
  const pairs = names.split(separator).map((name) => [name, name]);
  return statements("export", pairs, from);
}

function statements(keyword, names, from) {
  const index = fileOfPackage(from);
  const lines = names.map(([name, own]) => {
    const { file, name: there } = originOf(index, name);
    return `${keyword} {${there} as ${own}} from ${JSON.stringify(file)};`;
  });
  return lines.join(" ");
}

/** Pairs of a name and what it is called here. */
function listed(names, as) {
  const all = names.split(",").map((one) => one.trim());
  return all
    .filter((one) => one !== "")
    .map((one) => one.split(as).map((part) => part.trim()))
    .map(([name, own = name]) => [name, own]);
}

/** The module that a name of an index comes from, and what it is called there. */
function originOf(file, name) {
  const { [name]: found } = reexported(file);
  return found === undefined ? { file, name } : originOf(found.file, found.name);
}

const known = new Map();

function reexported(file) {
  if (!known.has(file)) known.set(file, readIndex(file));
  return known.get(file);
}

function readIndex(file) {
  const found = {};
  for (const [, keyword, names, from] of readFileSync(file, "utf8").matchAll(
    /^(import|export) \{([^}]*)\} from "([^"]+)";/gm,
  )) {
    if (keyword !== "export") continue;
    const there = from.startsWith(".") ? join(dirname(file), from) : fileOfPackage(from);
    for (const [name, own] of listed(names, " as ")) found[own] = { file: there, name };
  }
  return found;
}

function fileOfPackage(from) {
  const [, name, ...path] = from.split("/");
  const folder = join(packages, name);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, exports[["..", ...path].join("/").slice(1)].default);
}
