/** Releases: what the script would do, and its parts on copies. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { notesOf, withDate } from "../scripts/release/changelog.mjs";
import { signSums, writeSums } from "../scripts/release/sums.mjs";
import { plannedEdits } from "../scripts/release/version.mjs";

const root = resolve(import.meta.dirname, "..");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bcat-release-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a dry run in a clean clone says what would be done, shows the notes, and writes nothing", () => {
  const clone = join(folder, "clone");
  execFileSync("git", ["clone", "--quiet", "--depth", "1", `file://${root}`, clone]);
  for (const path of ["scripts", "CHANGELOG.md"]) cpSync(join(root, path), join(clone, path), { recursive: true });
  const git = (...words: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...words], { cwd: clone, encoding: "utf8" });
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message", "as it is");
  const head = git("rev-parse", "HEAD");
  const run = () =>
    spawnSync(process.execPath, [join(clone, "scripts/release.mjs"), "77.0.0", "--dry-run"], { encoding: "utf8" });
  const { status, stdout } = run();
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("would commit, and tag v77.0.0") });
  for (const path of ["CHANGELOG.md", "package-lock.json", "packages/cli/package.json", "docs/guide.md"])
    expect(stdout).toContain(`would change ${path}\n`);
  expect(git("status", "--porcelain") + git("tag", "--list") + git("rev-parse", "HEAD")).toBe(head);
  writeFileSync(join(clone, "README.md"), "changed");
  expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining("changes that are not committed") });
});

describe("plannedEdits()", () => {
  const edits = plannedEdits({ root, version: "77.0.0", date: "2026-12-24" });

  test("puts the version wherever ours is, and nowhere else", () => {
    const paths = readdirSync(join(root, "packages")).map((name) => `packages/${name}/package.json`);
    for (const path of paths) {
      const { version, dependencies = {}, devDependencies = {} } = JSON.parse(edits.get(path)!);
      expect(version).toBe("77.0.0");
      for (const [name, of] of Object.entries({ ...dependencies, ...devDependencies }))
        expect([name, of === "77.0.0"]).toEqual([name, name.startsWith("@bcat/")]);
    }
    const lock = JSON.parse(edits.get("package-lock.json")!);
    expect(lock.packages["packages/cli"].version).toBe("77.0.0");
    expect(lock.packages["node_modules/koffi"]).toEqual(
      JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages["node_modules/koffi"],
    );
  });

  test("leaves the texts as npm and the formatter have them", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const [path, text] of edits) {
      if (path.endsWith(".json"))
        expect(text.replaceAll("77.0.0", version)).toBe(readFileSync(join(root, path), "utf8"));
    }
  });

  test("renames the files that documents name", () => {
    const guide = edits.get("docs/guide.md")!;
    for (const name of ["bcat-backup-77.0.0.tgz", "bcat-backup_77.0.0_amd64.deb", "bcat-77.0.0-linux-x64.tar.gz"])
      expect(guide).toContain(name);
  });

  test.each(["1", "0.2", "0.2.0-rc1", "v0.2.0", "0.0.1"])("refuses %s", (version) => {
    expect(() => plannedEdits({ root, version, date: "2026-12-24" })).toThrow(version);
  });
});

describe("withDate()", () => {
  const changelog = "# Changes\n\n## 0.2.0 (unreleased)\n\n- New.\n\n## 0.1.0 (2026-11-20)\n\n- First.\n";

  test("releases the section at the top, whose text are the notes", () => {
    const dated = withDate(changelog, { version: "0.3.0", date: "2026-12-24" });
    expect(dated).toBe(changelog.replace("0.2.0 (unreleased)", "0.3.0 (2026-12-24)"));
    expect(notesOf(dated, "0.3.0")).toBe("- New.\n");
  });

  test("refuses one that says nothing, and a changelog without", () => {
    const options = { version: "0.2.0", date: "2026-12-24" };
    expect(() => withDate(changelog.replace("- New.\n", ""), options)).toThrow("says nothing");
    expect(() => withDate("# Changes\n", options)).toThrow("no section");
  });
});

test("SHA256SUMS is what sha256sum reads, and its signature what ssh-keygen verifies", ({ skip }) => {
  if (spawnSync("ssh-keygen", ["-?"]).error !== undefined) skip("there is no ssh-keygen here");
  const files = join(folder, "files");
  mkdirSync(files);
  writeFileSync(join(files, "b"), "two");
  writeFileSync(join(files, "a"), "one");
  writeSums(files, readdirSync(files));
  execFileSync("sha256sum", ["--check", "--quiet", "SHA256SUMS"], { cwd: files });
  const key = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  signSums(files, key);
  writeFileSync(join(folder, "signers"), `me ${readFileSync(`${key}.pub`, "utf8")}`);
  const words = [
    "-Y",
    "verify",
    "-f",
    join(folder, "signers"),
    "-I",
    "me",
    "-n",
    "file",
    "-s",
    join(files, "SHA256SUMS.sig"),
  ];
  const verify = (input: string) => spawnSync("ssh-keygen", words, { input }).status;
  const sums = readFileSync(join(files, "SHA256SUMS"), "utf8");
  expect(verify(sums)).toBe(0);
  expect(verify(sums.replace("a\n", "c\n"))).not.toBe(0);
});
