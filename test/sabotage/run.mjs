/**
 * One-line sabotages, one at a time, in a copy of the project: each must turn the test named with it red.
 * usage: node test/sabotage/run.mjs [number] (after npm ci; about 3 minutes for all)
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SABOTAGES = [
  {
    what: "tag not checked",
    file: "packages/crypto/src/gcm.ts",
    from: "target.fill(0, 0, length);\n    return -1;",
    to: "return length;",
    test: "packages/crypto/src/gcm.test.ts",
  },
  {
    what: "tag not checked by the accelerator",
    file: "packages/crypto/src/gcm-openssl.ts",
    from: "decryptFinal(context, at + END, at + LENGTH) === 1) return",
    to: "decryptFinal(context, at + END, at + LENGTH) !== 2) return",
    test: "packages/crypto/src/load-gcm.test.ts",
  },
  {
    what: "a frame laid down without its ids recomputed",
    file: "packages/pack/src/frame-builder.ts",
    from: "if (!this.#ownHash.matches(id)) throw",
    to: "if (!this.#ownHash.matches(id) && id.length !== ID_SIZE) throw",
    test: "packages/pack/src/frame-builder.test.ts",
  },
  {
    what: "a salt that does not say which chunks it seals",
    file: "packages/pack/src/frame-salt.ts",
    from: "    this.#hash.update(contents.ids);\n",
    to: "",
    test: "packages/pack/src/frame-builder.test.ts",
  },
  {
    what: "id not recomputed",
    file: "packages/repository/src/chunk-reader.ts",
    from: "if (Buffer.compare(idHash[kind].hash(bytes), id) === 0) return bytes;",
    to: "if (idHash !== undefined) return bytes;",
    test: "packages/repository/src/chunk-reader.test.ts",
  },
  {
    what: "outcome before segment",
    file: "packages/repository/src/chunk-store.ts",
    from: "    await storage.put(name, bytes);\n",
    to: "    setImmediate(() => void storage.put(name, bytes).catch(() => {}));\n",
    test: "test/protocol.test.ts",
  },
  {
    what: "412 taken as success",
    file: "packages/repository/src/registers.ts",
    from: "return value !== undefined && Buffer.compare(value, bytes) === 0;",
    to: "return value !== undefined;",
    test: "packages/repository/src/registers.test.ts",
  },
  {
    what: "412 taken as failure",
    file: "packages/repository/src/registers.ts",
    from: "return value !== undefined && Buffer.compare(value, bytes) === 0;",
    to: "return value === undefined;",
    test: "packages/repository/src/registers.test.ts",
  },
  {
    what: "two-second rule off",
    file: "packages/snapshot/src/backup/contents/file-reader.ts",
    from: "> now - this.#racyMs(file)",
    to: "> now + 1e15 * this.#racyMs(file)",
    test: "test/changes.test.ts",
  },
  {
    what: "a decoder bound off",
    file: "packages/pack/src/directory.ts",
    from: "|| offset + length > stream)",
    to: "|| offset + length < 0)",
    test: "packages/pack/src/directory.test.ts",
  },
  {
    what: "nanoseconds dropped",
    file: "packages/snapshot/src/restore/metadata.ts",
    from: "setFileTimes(file, mtimeSeconds, mtimeNanoseconds)",
    to: "setFileTimes(file, mtimeSeconds, mtimeNanoseconds & 0)",
    test: "test/fidelity.test.ts",
  },
  {
    what: "fsync order swapped",
    file: "packages/storage/src/local/publisher.ts",
    from: "await writeAll(file, bytes);\n    await this.#durability.sync(file);",
    to: "await this.#durability.sync(file);\n    await writeAll(file, bytes);",
    test: "packages/storage/src/local.test.ts",
  },
  {
    what: "an excluded path stored",
    file: "packages/snapshot/src/backup/walk.ts",
    from: "if (run.isExcluded !== undefined && this.#isExcluded(visit, handle, index)) continue;",
    to: "if (run.isExcluded !== undefined && this.#isExcluded(visit, handle, index)) run.skipped += 0;",
    test: "test/changes.test.ts",
  },
  {
    what: "no descriptors left taken for an unreadable file",
    file: "packages/snapshot/src/backup/source-fault.ts",
    from: "if (isExhaustion(error)) {",
    to: "if (isExhaustion(undefined)) {",
    test: "test/backup-every-call.test.ts",
  },
  {
    what: "an entry that is listed and never found left out",
    file: "packages/snapshot/src/backup/tree-builder.ts",
    from: "run.reportMissing(visit.pathOf(name));",
    to: "run.look();",
    test: "test/backup-every-call.test.ts",
  },
  {
    what: "a scan kept for another snapshot taken for the parent's",
    file: "packages/repository/src/kept-scans.ts",
    from: "if (Buffer.compare(reader.bytes(CONTENT_SIZE_MAX), content) !== 0) return undefined;",
    to: "reader.bytes(CONTENT_SIZE_MAX);",
    test: "packages/repository/src/kept-scans.test.ts",
  },
  {
    what: "files of an ended thread left open",
    file: "packages/snapshot/src/backup/contents/contents-pool.ts",
    from: "      descriptors.closeAll();",
    to: "      descriptors.add(-1);",
    test: "packages/snapshot/src/backup/contents/contents-pool.test.ts",
  },
  {
    what: "a chunk that another thread has claimed stored again by each",
    file: "packages/snapshot/src/backup/contents/chunk-maker.ts",
    from: "if (this.#claims.claim(this.#id)) this.#builder.add",
    to: "this.#claims.claim(this.#id); this.#builder.add",
    test: "test/threads.test.ts",
  },
  {
    what: "id not recomputed where ranges are opened",
    file: "packages/repository/src/range-opener.ts",
    from: "chunk !== undefined && this.#idHash.matches(chunk, chunks.ids, i * 32)",
    to: "chunk !== undefined && this.#idHash !== undefined",
    test: "packages/repository/src/chunk-reader.test.ts",
  },
  {
    what: "a file that lacks bytes left there",
    file: "packages/snapshot/src/restore/file-writer.ts",
    from: "throw this.remove(directory, file, error);",
    to: "throw error;",
    test: "test/restore-every-call.test.ts",
  },
  {
    what: "others let run after so much work only",
    file: "packages/snapshot/src/turns.ts",
    from: ">= TIME_MAX;",
    to: ">= TIME_MAX * 1e9;",
    test: "test/responsive.test.ts",
  },
];

const project = join(dirname(fileURLToPath(import.meta.url)), "../..");
const copy = mkdtempSync(join(tmpdir(), "bcat-sabotage-"));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
cpSync(project, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith("/.git") });

function run(...words) {
  return spawnSync("npx", words, { cwd: copy, encoding: "utf8", env: { ...process.env, CI: "true" } });
}

/** Whether the package of `file` builds, and the test is green. */
function judge(file, test) {
  const built = run("tsc", "-p", `${file.split("/").slice(0, 2).join("/")}/tsconfig.json`);
  if (built.status !== 0) return "does not build";
  return run("vitest", "run", test).status === 0 ? "green" : "red";
}

const only = Number(process.argv[2] ?? 0);
let failed = 0;
for (const [i, { what, file, from, to, test }] of SABOTAGES.entries()) {
  if (only !== 0 && only !== i + 1) continue;
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  const parts = source.split(from);
  let verdict = parts.length === 2 ? "" : `stands ${parts.length - 1} times`;
  if (verdict === "") {
    writeFileSync(path, parts.join(to));
    verdict = judge(file, test);
    writeFileSync(path, source);
    const restored = judge(file, test);
    if (restored !== "green") verdict = `${verdict}, and ${restored} without it`;
  }
  if (verdict !== "red") failed++;
  console.log(`${i + 1}. ${what}: ${test} ${verdict}`);
}
console.log(failed === 0 ? "every sabotage was noticed" : `${failed} sabotages were not noticed`);
process.exitCode = failed === 0 ? 0 : 1;
