import { expect, test } from "vitest";
import { Output, type TextStream } from "./output.js";
import { RestoreWarnings } from "./restore-warnings.js";
import type { Warning } from "./warning.js";

const error = (path: string, given: Partial<Warning> = {}): Warning => ({
  path: Buffer.from(path),
  message: "permission denied (EACCES)",
  kind: "error",
  code: "not-restored",
  systemCode: "EACCES",
  ...given,
});

async function told(warnings: readonly Warning[], json = false): Promise<string[]> {
  const stderr: string[] = [];
  const stream = (texts: string[]): TextStream => ({
    write: (text) => texts.push(text) > 0,
    on: () => {},
    once: () => {},
  });
  const output = new Output({ stdout: stream([]), stderr: stream(stderr), json, color: false });
  const run = new RestoreWarnings(output, "/target").during(async (onWarning) => {
    for (const warning of warnings) onWarning(warning);
    throw new Error("it ends early");
  });
  await expect(run).rejects.toThrow("it ends early");
  return stderr.map((line) => line.trimEnd());
}

test("what is denied is told by folder, also when the restore ends early; other errors at once", async () => {
  const unset = { code: "metadata-not-set", systemCode: undefined } as const;
  const mode = "its mode could not be set (EPERM)";
  const found = await told([
    error("/s/a"),
    error("/s/b", { message: "input/output error (EIO)", systemCode: "EIO" }),
    error("/s/c", { code: "folder-not-made", count: 5 }),
    error("/other/d"),
    error("/s/e", { message: mode, ...unset }),
    error("/f", { message: mode, ...unset }),
    error("/s/g", { message: "its time could not be set (EIO)", ...unset }),
  ]);
  expect(found).toEqual([
    'bcat: cannot restore "/s/b": input/output error (EIO)',
    'bcat: cannot restore "/s/g": its time could not be set (EIO)',
    'bcat: cannot restore 6 entries in "/s" to /target: permission denied (EACCES), first for "/s/a"',
    'bcat: cannot restore "/other/d": permission denied (EACCES)',
    `bcat: cannot restore 2 entries wholly, "/s/e" the first: ${mode}`,
  ]);
});

test("what is damaged ends with a line that says what heals it", async () => {
  const damaged = {
    message: 'Cannot read pack "packs/ab": it is missing',
    code: "corrupt",
    systemCode: undefined,
  } as const;
  const given = [error("/s/a", damaged), error("/s/b", { ...damaged, count: 3 }), error("/s/c")];
  const says =
    /^bcat: 4 entries cannot be read, as the repository is damaged: bcat check --read-data .*bcat repair packs --read-data .*bcat repair --from REPO/;
  expect((await told(given)).at(-1)).toMatch(says);
  expect(JSON.parse((await told(given, true)).at(-1)!)).toMatchObject({ message_type: "warning", code: "damaged" });
  expect((await told([error("/s/c")])).join()).not.toContain("damaged");
});

test("with --json each is told at once", async () => {
  const lines = await told([error("/s/a"), error("/s/b")], true);
  expect(lines.map((line) => JSON.parse(line).item)).toEqual(["/s/a", "/s/b"]);
});

test("of very many folders the first are told of before the end", async () => {
  const lines = await told(Array.from({ length: 2_100 }, (_, i) => error(`/${i % 1_050}/${i}`)));
  expect(lines.length).toBeGreaterThan(1_050);
  expect(lines[0]).toBe('bcat: cannot restore "/0/0": permission denied (EACCES)');
});
