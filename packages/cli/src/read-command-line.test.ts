import { isBcatError } from "@bcat/errors";
import { describe, expect, test } from "vitest";
import { type CommandLine, parseCommandLine } from "./command-line.js";
import { commandNames, loadCommand } from "./command-loaders.js";
import { commands } from "./commands.js";
import type { Variables } from "./options.js";
import { readCommandLine } from "./read-command-line.js";

test("loadCommand() has each command under its name, and no other", async () => {
  expect([...commandNames].sort()).toEqual(commands.map(({ name }) => name).sort());
  for (const command of commands) expect(await loadCommand(command.name)).toBe(command);
  for (const name of ["frob", "constructor", ""]) expect(await loadCommand(name)).toBeUndefined();
});

describe("readCommandLine() says what parseCommandLine() says with all commands", () => {
  const cases: [line: string, variables?: Variables][] = [
    ["version"],
    ["snapshots --compact -l"],
    ["snapshots --tag backup --host x 12 latest"],
    ["--tag backup snapshots"],
    ["--repo /r backup --exclude snapshots /home"],
    ["-r /r ls latest /"],
    ["backup --keep-daily 3 /home"],
    ["ls --keep-last 3 snapshots"],
    ["--keep-last ls snapshots"],
    ["backup --no-cache -- --keep-daily"],
    ["backup --exclud x /home"],
    ["backup --repo"],
    ["help backup"],
    ["backup --help"],
    ["-h"],
    ["frob backup"],
    ["restore latest"],
    ["forget --unsafe-allow-remove-all -n 3"],
    ["pin 12"],
    [""],
    ["version", { BCAT_REPOSITORY: "/r", BCAT_TAG: "x" }],
    ["snapshots", { BCAT_KEEP_DAILY: "3", BCAT_EXCLUDE: "x" }],
    ["snapshots", { BCAT_EXCLUD: "x" }],
    ["completion bash", { BCAT_EXCLUD: "x" }],
  ];
  test.each(cases)("%s %j", async (line, variables = {}) => {
    const words = line.split(" ").filter((word) => word !== "");
    const read = async () => await readCommandLine(words, variables);
    expect(await outcome(read)).toEqual(await outcome(async () => parseCommandLine(words, variables, commands)));
  });

  async function outcome(read: () => Promise<CommandLine>): Promise<unknown> {
    try {
      return await read();
    } catch (error) {
      if (isBcatError(error)) return error.message;
      throw error;
    }
  }
});
