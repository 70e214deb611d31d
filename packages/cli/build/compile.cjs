/**
 * Writes what V8 of this Node compiled of the program beside it, after runs of common commands: functions are compiled
 * when they are first called, so the runs decide what is in it, and what is in it is read by every run. The same of the
 * SDK, after some requests. bin/compiled.js says what the files look like. Without them the program starts slower, not
 * wrong, so nothing that goes wrong here is an error. usage: node compile.cjs
 */
"use strict";
const { execFileSync } = require("node:child_process");
const { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { wrap } = require("node:module");
const { tmpdir } = require("node:os");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");
const { besidePath, encode, findBeside } = require("../bin/compiled.js");

const dist = join(__dirname, "../dist");
/** Exit code of a command that finds none. */
const noRepository = 10;

compileAll();

async function compileAll() {
  await compile(["s3-sdk.cjs"], sendRequests).catch(say);
  const parts = readdirSync(dist).filter((name) => /^bcat(-[a-z]+)?\.cjs$/.test(name));
  // Last: the program does not expect that anything goes on after it.
  await compile(["bcat.cjs", ...parts], runCommands).catch(say);
}

function say({ message }) {
  console.error(`bcat is not compiled ahead: ${message}`);
}

/**
 * Writes the compiled code of these files, unless it is there. `use` gets `load`, which runs the first of them, and what
 * that asks for, and `keep`, which writes what is compiled of all that was loaded until then.
 */
async function compile(names, use) {
  const [filename, ...others] = names.map((name) => join(dist, name));
  if ([filename, ...others].every((path) => isThere(path, readFileSync(path)))) return;
  const scripts = new Map();
  const keep = () => {
    for (const [path, { program, script }] of scripts) if (!isThere(path, program)) write(path, program, script);
  };
  await use({ load: () => load(filename, { scripts, modules: new Map() }), keep, filename });
  keep();
}

function isThere(path, program) {
  return findBeside(path, program) !== undefined;
}

function write(path, program, script) {
  const target = besidePath(path);
  const temporary = `${target}.${process.pid}`;
  writeFileSync(temporary, encode(program, ["*"], script.createCachedData()));
  renameSync(temporary, target);
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

const streams = [process.stdout, process.stderr];

async function runCommands({ load, keep, filename }) {
  const folder = mkdtempSync(join(tmpdir(), "bcat-compile-"));
  try {
    for (const name of Object.keys(process.env)) if (name.startsWith("BCAT_")) delete process.env[name];
    process.env.BCAT_REPOSITORY = join(folder, "repository");
    process.env.BCAT_CACHE_DIR = join(folder, "cache");
    process.env.BCAT_KEY_FILE = join(folder, "key");
    writeFileSync(process.env.BCAT_KEY_FILE, Buffer.alloc(32, 1));
    for (const stream of streams) stream.write = written;
    // What only this calls is not to be among it.
    execFileSync(process.execPath, [join(__dirname, "../bin/bcat.js"), "init"], { stdio: "ignore" });
    const run = async (words, expected = 0) => {
      process.argv = [process.execPath, filename, ...words];
      const exitCode = await load().ended;
      if (exitCode !== expected) throw new Error(`bcat ${words[0]} ended with ${exitCode}`);
    };
    const backup = ["backup", __filename];
    for (const words of [["version"], backup, backup, ["snapshots"]]) await run(words);
    keep();
    // These load the other parts.
    for (const words of [["ls", "latest"], ["check"], ["restore", "latest", "all", join(folder, "back")]])
      await run(words);
    await withServer(async (url) => {
      Object.assign(process.env, {
        AWS_ACCESS_KEY_ID: "key",
        AWS_SECRET_ACCESS_KEY: "secret",
        AWS_REGION: "us-east-1",
      });
      await run(["snapshots", "--quiet", "--repo", `s3:${url}/missing`], noRepository);
    });
  } finally {
    for (const stream of streams) delete stream.write;
    rmSync(folder, { recursive: true });
    process.exitCode = 0;
  }
}

/** In place of `write` of a stream. */
function written(_text, callback) {
  callback?.();
  return true;
}

/** An object is put, found and not found. */
async function sendRequests({ load }) {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  await withServer(async (endpoint) => {
    const sdk = load();
    const client = new sdk.S3Client({
      endpoint,
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
  });
}

/** A server of S3 that has whatever is asked for, but for what is missing. @param use gets its URL */
async function withServer(use) {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url.includes("missing")) response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
    else response.writeHead(200, { ETag: '"1"' }).end("object");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
