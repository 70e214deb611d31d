/** What the shells complete, by the scripts that bcat prints for them. */
import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, linesOf, program } from "./cli/desk.js";

let desk: Desk;

beforeAll(async () => {
  desk = new Desk();
  desk.write({ "source/photos/a.jpg": "1", "source/notes": "2", "source/my docs/it's": "3", "a file": "" });
  await desk.good(["backup", "--init", "source"]);
});
afterAll(() => desk[Symbol.dispose]());

/** Whether the shell is here; says so where it is not. */
function has(shell: string): boolean {
  try {
    execFileSync(shell, ["-c", "true"]);
    return true;
  } catch {
    process.stdout.write(`cli: skipped the completion of ${shell}: it is not installed\n`);
    return false;
  }
}

async function runs(shell: string, script: string): Promise<string[]> {
  const env = { PATH: `${dirname(program)}:${process.env.PATH}` };
  const { stdout, stderr } = await desk.run([shell, "-c", script], { env });
  expect(stderr).toBe("");
  return linesOf(stdout);
}

describe("bash", () => {
  /** What is offered, and before that what is asked of readline. */
  const complete = (...words: readonly string[]) =>
    runs(
      "bash",
      `. <(bcat completion bash); compopt() { echo "$@"; }
       COMP_WORDS=(bcat ${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")}); COMP_CWORD=${words.length}
       _bcat; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
  const paths = "-o nospace -o filenames";

  test("completes commands, flags, choices, snapshots, paths inside them, and files", async () => {
    expect(await complete("res")).toEqual(["restore"]);
    expect(await complete("backup", "--exclude-c")).toEqual(["--exclude-caches", "--exclude-cloud-files"]);
    // bash has made three words of --compression=m.
    expect(await complete("backup", "--compression", "=", "m")).toEqual(["max"]);
    expect(await complete("ls", "")).toEqual(["latest", "1"]);
    const folder = desk.path("source/");
    expect(await complete("ls", "latest", folder.slice(0, -3))).toEqual([paths, folder]);
    const inside = ["my docs/", "notes", "photos/"].map((name) => folder + name);
    expect(await complete("ls", "latest", folder)).toEqual([paths, ...inside]);
    // readline completes files by itself.
    expect(await complete("backup", "a f")).toEqual(["-o default -o filenames", ""]);
  });

  test("reads words as the shell will, though a quote is open, and leaves it to the shell to write them", async () => {
    const folder = `${desk.path("source/my docs")}/`;
    const escaped = folder.replace(" ", "\\ ");
    for (const typed of [
      escaped,
      `"${folder}`,
      `'${folder}`,
      `"${folder}"/`,
      `"${folder.slice(0, -3)}`,
      escaped.slice(0, -3),
    ])
      expect(await complete("ls", "latest", typed)).toEqual([paths, typed.endsWith("o") ? folder : `${folder}it's`]);
    expect(await complete("ls", "latest", `${escaped}it\\'`)).toEqual([paths, `${folder}it's`]);
  });

  test("completes commands whatever is set, and prints its script", async () => {
    const env = { BCAT_NOTHING: "1", BCAT_PROGRESS: "x", BCAT_PROGRESS_FPS: "y", BCAT_PASSWORD_FILE: "/not/there" };
    const run = (...words: readonly string[]) => desk.bcat(["completion", ...words], { env });
    expect((await run("words", "--", "resto")).stdout).toMatch(/^words\nrestore\t/);
    expect(await run("bash")).toMatchObject({ code: 0, stderr: "" });
    expect(await run("words", "--", "ls", "")).toMatchObject({ code: 0, stderr: "" });
  });

  test("completes nothing of a repository that somebody would have to open", async () => {
    const { stdout } = await desk.bcat(["completion", "words", "--", "ls", ""], { env: { BCAT_KEY_FILE: undefined } });
    expect(stdout).toBe("words\n");
  });
});

describe.skipIf(!has("fish"))("fish", () => {
  const complete = (line: string) => runs("fish", `bcat completion fish | source; complete -C '${line}'`);

  test("completes with what the words mean", async () => {
    expect(await complete("bcat res")).toEqual(["restore\tgive files of a snapshot back"]);
    expect(await complete("bcat backup --compression m")).toEqual(["max"]);
    expect(await complete(`bcat ls 1 ${desk.path("source/ph")}`)).toEqual([desk.path("source/photos/")]);
    for (const typed of [desk.path("source/my\\ d"), `"${desk.path("source/my d")}`])
      expect(await complete(`bcat ls 1 ${typed}`)).toEqual([desk.path("source/my docs/")]);
    const [file, joined] = [await complete('bcat backup "a f'), await complete('bcat backup "--exclude-file=a f')];
    expect([...file, ...joined].map((line) => line.trim())).toEqual(["a file", "--exclude-file=a file"]);
  });
});

describe.skipIf(!has("zsh"))("zsh", () => {
  test("completes on a terminal", async () => {
    // What is typed before a prompt is there is no line that can be edited: a tab in it is a tab.
    const script = `zmodload zsh/zpty
      zpty z zsh -f -i
      zpty -w z "autoload -U compinit; compinit -u -D; . <(bcat completion zsh); PS1=rea''dy"
      zpty -r z line $'*ready*'
      zpty -w -n z $'bcat res\\t1 all /o\\C-a: \\C-e; echo done\\C-j'
      zpty -r z line $'*done\\r\\n*ready*'
      zpty -w -n z $'bcat backup --compression m\\t-shown\\C-a: \\C-e; echo twice\\C-j'
      zpty -r z more $'*twice\\r\\n*ready*'
      zpty -w -n z $'bcat ls 1 "${desk.path("source/my d")}\\t"; bcat backup -p "a f\\t --no-scan=\\C-a: \\C-e; echo thrice\\C-j'
      zpty -r z quoted $'*thrice\\r\\n*'
      print -r -- $line $more $quoted`;
    const shown = (await runs("zsh", script)).join("\n");
    expect(shown).toContain("restore");
    expect(shown).toContain("--compression max");
    expect(shown).toContain("my docs/");
    expect(shown).toContain('"a file"');
  });
});
