import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commands } from "../commands.js";
import { answerToCommand } from "./lookup.js";
import { resticPage } from "./page.js";
import { resticCommands } from "./restic-words.js";
import { optionRows, resticTable, variableRows } from "./table.js";

const table = resticTable(commands);

test("every command of restic, every flag of it, every variable and every name of --option has an answer", () => {
  const rows = table.flatMap(({ name, answer, flags }) => [
    { word: name, answer },
    ...flags.map((row) => ({ word: `${name} ${row.word}`, answer: row.answer })),
  ]);
  const without = [...rows, ...optionRows(), ...variableRows(commands)].filter(({ answer }) => answer === undefined);
  expect(without).toEqual([]);
});

test("answers are one short line that can end a sentence", () => {
  for (const { answer, flags } of table)
    for (const text of [answer, ...flags.map((row) => row.answer)]) {
      expect(text).not.toMatch(/[.\n]$/);
      expect(text!.length).toBeLessThan(180);
    }
});

test("the words of restic are read with their letters and values", () => {
  const restore = resticCommands().find(({ name }) => name === "restore")!;
  expect(restore.flags).toContainEqual({ name: "target", short: "t", takesValue: true });
  expect(restore.flags).toContainEqual({ name: "delete", short: undefined, takesValue: false });
});

test("a command that is here is the same, one that is not has an answer of its own", () => {
  expect(table.find(({ name }) => name === "stats")?.answer).toBe("the same");
  expect(table.find(({ name }) => name === "unlock")?.answer).toBe(answerToCommand("unlock"));
});

test("docs/from-restic.md is what packages/cli/build/from-restic.mjs makes", () => {
  const page = readFileSync(new URL("../../../../docs/from-restic.md", import.meta.url), "utf8");
  expect(page, "run: node packages/cli/build/from-restic.mjs").toBe(resticPage(commands));
});
