/**
 * Writes what V8 of this Node compiled of the program beside it, after runs of common commands: functions are compiled
 * when they are first called, so the runs decide what is in it. The same of the SDK, after some requests. bin/compiled.js
 * says what the files look like. Without them the program starts slower, not wrong, so nothing that goes wrong here is an
 * error. usage: node compile.cjs
 */
"use strict";
const { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { wrap } = require("node:module");
const { tmpdir } = require("node:os");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");
const { besidePath, encode, findBeside } = require("../bin/compiled.js");

const dist = join(__dirname, "../dist");

compileAll();

async function compileAll() {
  await compile("s3-sdk.cjs", sendRequests).catch(say);
  // Last: the program does not expect that anything goes on after it.
  await compile("bcat.cjs", runCommands).catch(say);
}

function say({ message }) {
  console.error(`bcat is not compiled ahead: ${message}`);
}

/** Writes the compiled code of a file, and of those that it loads when it is used so, unless it is there. */
async function compile(name, use) {
  const filename = join(dist, name);
  if (findBeside(filename, readFileSync(filename)) !== undefined) return;
  const scripts = new Map();
  await use(() => load(filename, { scripts, modules: new Map() }), filename);
  for (const [path, { program, script }] of scripts) {
    const target = besidePath(path);
    const temporary = `${target}.${process.pid}`;
    writeFileSync(temporary, encode(program, ["*"], script.createCachedData()));
    renameSync(temporary, target);
  }
}

/** Runs a file of dist/ as a module, and what it asks for of dist/ in the same way, as bin/bcat.js does. */
function load(filename, { scripts, modules }) {
  if (!scripts.has(filename)) {
    const program = readFileSync(filename);
    scripts.set(filename, { program, script: new Script(wrap(program.latin1Slice()), { filename }) });
  }
  const requireThere = (name) => {
    if (!name.startsWith("../dist/")) return require(name);
    if (!modules.has(name)) modules.set(name, load(join(__dirname, name), { scripts, modules }));
    return modules.get(name);
  };
  Object.assign(requireThere, require);
  const module = { exports: {} };
  const { script } = scripts.get(filename);
  script.runInThisContext()(module.exports, requireThere, module, filename, dirname(filename));
  return module.exports;
}

async function runCommands(start, filename) {
  const folder = mkdtempSync(join(tmpdir(), "bcat-compile-"));
  try {
    for (const name of Object.keys(process.env)) if (name.startsWith("BCAT_")) delete process.env[name];
    process.env.BCAT_REPOSITORY = join(folder, "repository");
    process.env.BCAT_CACHE_DIR = join(folder, "cache");
    process.env.BCAT_KEY_FILE = join(folder, "key");
    writeFileSync(process.env.BCAT_KEY_FILE, Buffer.alloc(32, 1));
    process.stdout.write = (_text, written) => {
      written?.();
      return true;
    };
    for (const words of commands(folder)) {
      process.argv = [process.execPath, filename, ...words.split(" ")];
      const exitCode = await start().ended;
      if (exitCode !== 0) throw new Error(`bcat ${words} ended with ${exitCode}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
    process.exitCode = 0;
  }
}

/** Each file of the program is loaded by one of them. */
function commands(folder) {
  const some = ["init", "version", `backup ${__filename}`, `backup ${__filename}`, "snapshots", "ls latest", "check"];
  return [...some, `restore latest all ${join(folder, "restored")}`];
}

/** An object is put, found and not found, by a server that answers whatever is asked. */
async function sendRequests(load) {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const server = createServer((request, response) => {
    request.resume();
    if (request.url.includes("missing")) response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
    else response.writeHead(200, { ETag: '"1"' }).end("object");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const sdk = load();
  const client = new sdk.S3Client({
    endpoint: `http://127.0.0.1:${server.address().port}`,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 1,
  });
  const object = { Bucket: "bucket", Key: "object" };
  const put = { ...object, Body: Buffer.from("object"), IfNoneMatch: "*", ChecksumSHA256: "LAfUq4I=" };
  await client.send(new sdk.PutObjectCommand(put));
  await (await client.send(new sdk.GetObjectCommand(object))).Body.transformToByteArray();
  await client.send(new sdk.GetObjectCommand({ ...object, Key: "missing" })).catch(() => {});
  client.destroy();
  server.close();
}
