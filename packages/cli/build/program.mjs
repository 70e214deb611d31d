/**
 * The program in parts: files of dist/ of which a run loads those that its command needs, and no other. esbuild divides
 * it into some hundred chunks by what is imported at run time (`await import(…)`); as files of their own they would take
 * longer to open than they save, so each part has many, as functions that are run when they are needed (loadable.mjs).
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { joinMaps } from "./joined-map.mjs";
import { toLoadable } from "./loadable.mjs";

/**
 * In the order in which they are filled: each has what its modules, of our packages, import when they are loaded, and no
 * part before it has. The last has all the rest. What belongs together is loaded by the same commands, or by none of the
 * everyday ones; a module that stands in the wrong part costs time, and nothing else.
 */
const parts = [
  { file: "bcat", modules: ["cli/main", "cli/commands/version"] },
  {
    file: "bcat-native",
    modules: ["crypto/blake3", "crypto/load-gcm", "pack/zstd", "pack/zstd-built-in", "posix/load"],
  },
  {
    file: "bcat-open",
    modules: [
      "cli/commands/snapshots",
      "host/passphrase-command",
      "host/secret-file",
      "repository/cache/trim-cache",
      "repository/keys/key-slots",
      "repository/open",
      "snapshot/retention/groups",
      "snapshot/snapshots",
      "storage/abortable",
      "storage/local",
      "storage/metered",
    ],
  },
  {
    file: "bcat-backup",
    modules: [
      "cli/commands/backup",
      "snapshot/backup/backup",
      "snapshot/backup/stream-backup",
      "snapshot/choosing/never-matching",
    ],
  },
  {
    file: "bcat-network",
    modules: [
      "host/s3-place",
      "storage/http/http-storage",
      "storage/postgres/index",
      "storage/postgres/probe",
      "storage/retrying",
      "storage/s3",
      "storage/tahoe/tahoe-storage",
      "storage/wire/agents",
      "storage/wire/limited",
    ],
  },
  { file: "bcat-rest", modules: [] },
];

/**
 * Writes the parts and their source maps.
 *
 * @param result of esbuild, with splitting and without writing
 * @param folder of the cli
 * @param banner that each file begins with
 */
export function writeProgram({ outputFiles, metafile }, { folder, banner }) {
  const dist = join(folder, "dist");
  const chunks = readChunks({ outputFiles, metafile, folder });
  const divided = divide(chunks, folder);
  const callOf = callsOf(divided);
  const main = chunkOf(chunks, join(dist, "main.js"));
  const build = buildOf(divided);
  for (const [i, { file, chunks: own }] of divided.entries()) {
    const end = i === 0 ? runtime(callOf(main.path), build) : `module.exports={build:"${build}",chunks};`;
    const { text, map } = writePart(own, { file, banner, callOf, end });
    writeFileSync(join(dist, `${file}.cjs`), text);
    writeFileSync(join(dist, `${file}.cjs.map`), map);
  }
}

function readChunks({ outputFiles, metafile: { outputs }, folder }) {
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  const found = Object.entries(outputs).filter(([path]) => path.endsWith(".js"));
  return found.map(([name, { inputs, imports }]) => {
    const path = resolve(folder, name);
    const statements = imports.filter(({ kind }) => kind === "import-statement");
    return {
      path,
      text: texts.get(path),
      map: texts.get(`${path}.map`),
      isEmpty: Object.values(inputs).every(({ bytesInOutput }) => bytesInOutput === 0),
      modules: new Set(Object.keys(inputs).map((input) => resolve(folder, input))),
      needs: statements.filter(({ external }) => external !== true).map((one) => resolve(folder, one.path)),
      imports: statements.length,
      isForeign: Object.keys(inputs).some((input) => input.includes("node_modules/")),
    };
  });
}

/** Each part with its chunks, in the order of the build. */
function divide(chunks, folder) {
  const partOf = new Map();
  const byPath = new Map(chunks.map((chunk) => [chunk.path, chunk]));
  for (const [part, { modules }] of parts.entries())
    for (const { path } of modules.map((module) => chunkOf(chunks, moduleFile(module, folder)))) take(path, part);

  function take(path, part) {
    if (partOf.has(path)) return;
    partOf.set(path, part);
    for (const needed of byPath.get(path).needs) take(needed, part);
  }
  // What only names things of other chunks is asked for together with them.
  for (const { path, needs, isEmpty } of chunks)
    if (isEmpty && !partOf.has(path) && needs.every((needed) => partOf.has(needed)))
      partOf.set(path, Math.max(0, ...needs.map((needed) => partOf.get(needed))));
  const rest = parts.length - 1;
  return parts.map(({ file }, part) => ({
    file,
    chunks: chunks.filter(({ path }) => (partOf.get(path) ?? rest) === part),
  }));
}

/** @param module `package/path` */
function moduleFile(module, folder) {
  const [name, ...path] = module.split("/");
  return join(folder, "..", name, "dist", `${path.join("/")}.js`);
}

/** @throws Error where no chunk has it */
function chunkOf(chunks, module) {
  const found = chunks.find(({ modules }) => modules.has(module));
  if (found === undefined) throw new Error(`The program has no ${module}`);
  return found;
}

/** What `need` is called with for a chunk, by the name that another imports it by. */
function callsOf(divided) {
  const calls = new Map();
  for (const [part, { chunks }] of divided.entries())
    for (const [i, { path }] of chunks.entries()) calls.set(basename(path), `${part},${i}`);
  return (path) => calls.get(basename(path));
}

/** What tells the parts of one program from those of another. */
function buildOf(divided) {
  const hash = createHash("sha256");
  for (const { file, chunks } of divided)
    for (const { path, text } of chunks) hash.update(JSON.stringify([file, basename(path), text]));
  return hash.digest("hex").slice(0, 16);
}

function writePart(chunks, { file, banner, callOf, end }) {
  let text = `${banner}\nconst chunks=[\n`;
  const sections = [];
  for (const { text: source, map, imports, isForeign } of chunks) {
    const { head, body } = toLoadable(source, { imports, isForeign, callOf });
    text += `(need,later)=>{${head}\n`;
    sections.push({ line: text.split("\n").length - 1, map: JSON.parse(map) });
    text += `${body}\n},\n`;
  }
  text += `];\n${end}\n//# sourceMappingURL=${file}.cjs.map\n`;
  return { text, map: JSON.stringify(joinMaps(`${file}.cjs`, sections)) };
}

/**
 * The end of the first part. Paths are those that bin/bcat.js loads with what V8 compiled of them. A part of another
 * program is what lies there when bcat was upgraded while it ran: chunks of it would be any code at all.
 */
function runtime(main, build) {
  const paths = JSON.stringify(parts.map(({ file }) => `../dist/${file}.cjs`));
  return `const paths=${paths},loaded=[chunks],made=paths.map(()=>[]);
function need(part,chunk){return made[part][chunk]??=(loaded[part]??=load(paths[part]))[chunk](need,later)}
function later(part,chunk){return Promise.resolve().then(()=>need(part,chunk))}
function load(path){let found;
try{found=require(path)}catch(cause){stop("a part of bcat cannot be loaded: "+cause.message+". If it was upgraded or removed while it ran, run it again",cause)}
if(found.build!=="${build}")stop("bcat was upgraded while it ran; run it again");
return found.chunks}
function stop(found,cause){const error=new Error("Cannot go on: "+found,{cause});
error.name="ReplacedError";
throw error}
module.exports=need(${main});`;
}
