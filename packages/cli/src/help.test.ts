import { expect, test } from "vitest";
import { commands } from "./commands.js";
import { exitCodes } from "./exit-code.js";
import { helpText } from "./help.js";
import { globalFlags } from "./options.js";

const overview = helpText(commands, undefined);

test("help is at most 100 columns wide", () => {
  for (const text of [overview, ...commands.map((command) => helpText(commands, command))])
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
});

test("help names every exit code and every command", () => {
  for (const code of Object.values(exitCodes)) expect(overview).toMatch(new RegExp(`^ +${code}  \\S`, "m"));
  for (const { name, summary } of commands) expect(overview).toMatch(new RegExp(`bcat ${name} +${summary}`));
});

test("the usage of repair has the words to write, not a thing to put in their place", () => {
  const repair = commands.find(({ name }) => name === "repair")!;
  expect(helpText(commands, repair)).toMatch(/^bcat repair index\|packs\|.*registers.* \[flags\]$/m);
});

test("help of a command has its flags, and two to five examples", () => {
  for (const command of commands) {
    const text = helpText(commands, command);
    for (const flag of Object.keys(command.flags)) expect(text).toContain(`--${flag}`);
    expect([2, 3, 4, 5]).toContain(command.examples.length);
    expect(text).toContain("Examples:");
  }
});

test("help of a command names the flags of all commands, and explains its own", () => {
  for (const command of commands) {
    const text = helpText(commands, command);
    for (const flag of Object.keys(globalFlags)) expect(text).toContain(`--${flag}`);
    expect(text).not.toContain(globalFlags["s3-connections"]!.description);
    expect(text).toContain("bcat --help");
    for (const { description } of Object.values(command.flags))
      expect(text.replace(/\s+/g, " ")).toContain(description.slice(0, 20));
  }
});

test("help of a command is about as long as it has flags", () => {
  for (const command of commands) {
    const lines = helpText(commands, command).split("\n").length;
    expect(lines).toBeLessThanOrEqual(35 + 3 * Object.keys(command.flags).length);
  }
});

test("the overview explains every flag that all commands take", () => {
  const text = overview.replace(/\s+/g, " ");
  for (const { description } of Object.values(globalFlags)) expect(text).toContain(description.slice(0, 20));
});
