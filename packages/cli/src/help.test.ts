import { expect, test } from "vitest";
import { commands } from "./commands.js";
import { exitCodes } from "./exit-code.js";
import { helpText } from "./help.js";

const overview = helpText(commands, undefined);

test("help is at most 100 columns wide", () => {
  for (const text of [overview, ...commands.map((command) => helpText(commands, command))])
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
});

test("help names every exit code and every command", () => {
  for (const code of Object.values(exitCodes)) expect(overview).toMatch(new RegExp(`^ +${code}  \\S`, "m"));
  for (const { name, summary } of commands) expect(overview).toMatch(new RegExp(`bcat ${name} +${summary}`));
});

test("the usage of repair has the word to write, not a thing to put in its place", () => {
  const repair = commands.find(({ name }) => name === "repair")!;
  expect(helpText(commands, repair)).toMatch(/^bcat repair registers \[flags\]$/m);
});

test("help of a command has its flags, and two to five examples", () => {
  for (const command of commands) {
    const text = helpText(commands, command);
    for (const flag of Object.keys(command.flags)) expect(text).toContain(`--${flag}`);
    expect([2, 3, 4, 5]).toContain(command.examples.length);
    expect(text).toContain("Examples:");
  }
});
