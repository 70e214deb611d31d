import { describe, expect, test } from "vitest";
import { commandGroups, commands } from "./commands.js";
import { exitCodeMeanings, exitCodes } from "./exit-code.js";
import { flagForm, flagMeaning, helpText, helpWidth } from "./help.js";
import { globalFlags } from "./options.js";

const overview = helpText(undefined, 100);
const unwrapped = (text: string) => text.replace(/\s+/g, " ");

test.each([40, 80, 100])("help of %i columns has no longer line, but for a word that is", (width) => {
  for (const text of [helpText(undefined, width), ...commands.map((command) => helpText(command, width))])
    for (const line of text.split("\n"))
      if (line.trim().includes(" ")) expect(line.length, line).toBeLessThanOrEqual(width);
});

test("helpWidth() is that of COLUMNS, or of the terminal, and neither too small nor too wide", () => {
  expect([helpWidth("72", 90), helpWidth(undefined, 90), helpWidth("wide", 90), helpWidth("", undefined)]).toEqual([
    72, 90, 90, 80,
  ]);
  expect([helpWidth("7", undefined), helpWidth(undefined, 500)]).toEqual([40, 100]);
});

test("the values of a flag are named once", () => {
  const flag = { kind: "text", choices: ["always", "if-newer"] } as const;
  expect(flagMeaning({ ...flag, description: "when" })).toBe("when: always, if-newer");
  expect(flagMeaning({ ...flag, description: "always, or newer" })).toBe("always, or newer: always, if-newer");
  expect(flagMeaning({ ...flag, description: "always, or if-newer" })).toBe("always, or if-newer");
});

describe("the overview", () => {
  test("names every exit code and every command, each in a group", () => {
    for (const code of Object.values(exitCodes)) expect(overview).toMatch(new RegExp(`^ +${code}  \\S`, "m"));
    for (const { name, summary } of commands) expect(unwrapped(overview)).toContain(`bcat ${name} ${summary}`);
    for (const { title } of commandGroups) expect(overview).toContain(`\n${title}:\n`);
  });

  test("explains every flag that all commands take, and every exit code", () => {
    const text = unwrapped(overview);
    for (const { description } of Object.values(globalFlags)) expect(text).toContain(description);
    for (const [, meaning] of exitCodeMeanings) expect(text).toContain(meaning);
  });
});

describe("help of a command", () => {
  test("begins with its usage and its own flags, each with its value", () => {
    for (const command of commands) {
      const text = helpText(command, 100);
      const flags = Object.entries(command.flags);
      if (flags.length > 0)
        expect(unwrapped(text).indexOf("Flags: ")).toBeLessThan(unwrapped(text).indexOf("Examples: "));
      for (const [name, flag] of flags) {
        expect(unwrapped(text)).toContain(flagForm(name, flag).trim());
        expect(unwrapped(text)).toContain(flag.description);
      }
    }
    const ls = helpText(commands.find(({ name }) => name === "ls")!, 100);
    expect(ls).toMatch(/^ {2}-l, --long +show mode/m);
    expect(ls).toMatch(/^ {2}-H, --host HOST +latest is/m);
    expect(ls).toMatch(/^ {2}-s, --sort ORDER +in this order .*: name, size/m);
  });

  test("names the flags of all commands in a sentence", () => {
    for (const command of commands) {
      const text = helpText(command, 100);
      for (const flag of Object.keys(globalFlags)) expect(text).toContain(`--${flag}`);
      expect(text).not.toContain(globalFlags["s3-connections"]!.description);
      expect(text).toContain("bcat --help");
    }
  });

  test("has two to five examples", () => {
    for (const command of commands) {
      expect([2, 3, 4, 5]).toContain(command.examples.length);
      for (const [line, meaning] of command.examples)
        expect(unwrapped(helpText(command, 100))).toContain(`bcat ${unwrapped(line)} ${meaning}`);
    }
  });

  test("has the words to write, where a word is one of several", () => {
    const repair = commands.find(({ name }) => name === "repair")!;
    expect(helpText(repair, 100)).toMatch(/^bcat repair index\|packs\|.*registers.* \[flags\]$/m);
  });

  test("has none of a parser's words", () => {
    for (const command of [undefined, ...commands])
      expect(helpText(command, 100)).not.toMatch(/\[(boolean|string|array)\]|\[default/);
  });
});
