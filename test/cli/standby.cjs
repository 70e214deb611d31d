/**
 * A process that runs bcat again and again: the start of Node and of the program takes ten times as long as what most
 * tests have it do. Each run loads bin/bcat.js anew, with words, environment, folder and stdin of its own, prints to
 * stdout and stderr as ever, and is over when a process of its own would end: when there is nothing left that it waits
 * for. Both streams then end with the line that the caller asked for and the exit code.
 */
"use strict";
const { createReadStream } = require("node:fs");
const { resolve } = require("node:path");
const vm = require("node:vm");

const program = resolve(__dirname, "../../packages/cli/bin/bcat.js");
const streams = [process.stdout, process.stderr];
const ownListeners = new Set(process.listeners("exit"));

compileOnce();
process.on("message", ({ words, env, cwd, endLine }) => {
  // From now on only the run keeps this process going.
  process.channel.unref();
  process.once("beforeExit", () => end(endLine));
  replaceEnvironment(env);
  replaceStdin();
  process.chdir(cwd);
  process.argv = [process.execPath, program, ...words];
  process.exitCode = undefined;
  for (const path of Object.keys(require.cache)) if (!path.endsWith(".node")) delete require.cache[path];
  require(program);
});
process.on("disconnect", () => process.exit());

/** What bin/bcat.js loads is compiled in the first run, and is started from its beginning in each. */
function compileOnce() {
  const scripts = new Map();
  vm.Script = new Proxy(vm.Script, {
    construct(Script, [source, options]) {
      const { filename } = options;
      if (!scripts.has(filename)) scripts.set(filename, new Script(source, options));
      return scripts.get(filename);
    },
  });
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
