/**
 * A process that runs bcat again and again: the start of Node and of the program takes ten times as long as what most
 * tests have it do. Each run starts what bin/bcat.js starts from its beginning, with words, environment, folder and stdin
 * of its own, prints to stdout and stderr as ever, and is over when a process of its own would end: when there is nothing
 * left that it waits for. Both streams then end with the line that the caller asked for and the exit code.
 */
"use strict";
const { createReadStream, readdirSync, readFileSync } = require("node:fs");
const { createRequire, wrap } = require("node:module");
const { dirname, resolve } = require("node:path");
const { setFlagsFromString } = require("node:v8");
const { Script } = require("node:vm");
const { findBeside } = require("../../packages/cli/bin/compiled.js");

const program = resolve(__dirname, "../../packages/cli/bin/bcat.js");
const dist = resolve(__dirname, "../../packages/cli/dist");
const bundle = resolve(dist, "bcat.cjs");
const requireOfProgram = createRequire(program);
/** Of what is compiled: V8 need not do so again, which takes as long as the rest of a short command. */
const scripts = new Map();
/** What is compiled stays, and is optimized later than in a program that runs once: every run begins with new functions. */
const flags = ["--no-flush-bytecode", "--interrupt-budget=400000", "--no-incremental-marking"];
const streams = [process.stdout, process.stderr];
const ownListeners = new Set(process.listeners("exit"));

// In this order: with these flags, V8 refuses what was compiled ahead without them.
for (const name of readdirSync(dist)) if (/^bcat(-[a-z]+)?\.cjs$/.test(name)) compiled(resolve(dist, name));
for (const flag of flags) setFlagsFromString(flag);

process.on("message", ({ words, env, cwd, endLine }) => {
  // From now on only the run keeps this process going.
  process.channel.unref();
  process.once("beforeExit", () => end(endLine));
  replaceEnvironment(env);
  replaceStdin();
  process.chdir(cwd);
  process.argv = [process.execPath, program, ...words];
  process.exitCode = undefined;
  // Modules with WASM have a memory, which a second run must not begin with.
  for (const path of Object.keys(require.cache)) if (!path.endsWith(".node")) delete require.cache[path];
  load(bundle, new Map());
});
process.on("disconnect", () => process.exit());

/** Runs a file of dist/ as a module, and what it asks for of dist/ in the same way, once in a run, as bin/bcat.js does. */
function load(filename, loaded) {
  const module = { exports: {} };
  const requireThere = (name) => {
    if (!name.startsWith("../dist/")) return requireOfProgram(name);
    if (!loaded.has(name)) loaded.set(name, load(resolve(dist, name), loaded));
    return loaded.get(name);
  };
  Object.assign(requireThere, requireOfProgram);
  compiled(filename).runInThisContext()(module.exports, requireThere, module, filename, dirname(filename));
  return module.exports;
}

function compiled(filename) {
  if (!scripts.has(filename)) {
    const program = readFileSync(filename);
    const cachedData = findBeside(filename, program)?.code;
    scripts.set(filename, new Script(wrap(program.latin1Slice()), { filename, cachedData }));
  }
  return scripts.get(filename);
}

function replaceEnvironment(env) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
}

/** By one that nobody has read yet. */
function replaceStdin() {
  let stdin;
  const get = () => (stdin ??= createReadStream("/dev/null"));
  Object.defineProperty(process, "stdin", { configurable: true, enumerable: true, get });
}

/** Does what the end of the process would do, and waits for the next run. */
function end(endLine) {
  const code = process.exitCode ?? 0;
  for (const listener of process.listeners("exit")) {
    if (ownListeners.has(listener)) continue;
    process.off("exit", listener);
    listener(code);
  }
  process.chdir("/");
  process.channel.ref();
  for (const stream of streams) {
    stream.removeAllListeners("error");
    stream.write(`${endLine} ${code}\n`);
  }
}
