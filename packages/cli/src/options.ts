/**
 * Flags and their values. A flag is declared once, as data; from that come the help, the reading of words and the
 * environment: `--cache-dir` is also `BCAT_CACHE_DIR`. A flag given wins over its variable, and for a list replaces it.
 */
import { hasBytes } from "@bcat/errors";
import type { Variables } from "@bcat/host";
import { placeFlags } from "./place-flags.js";
import { typedVariable } from "./typed-words.js";
import { usageError } from "./usage.js";

export type { Variables } from "@bcat/host";

export interface Flag {
  /** A switch is on or off, a text is given at most once, a list any number of times. */
  readonly kind: "switch" | "text" | "list";
  readonly description: string;
  /** What the value is, for the help; where not given, the last word of the flag's name. */
  readonly value?: string;
  /** One letter. */
  readonly short?: string;
  /** Another long name. */
  readonly alias?: string;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  /** Values are also divided at commas, and blanks around them are not theirs, as restic does with tags. */
  readonly commas?: boolean;
  /** A value may be empty: that says something too. */
  readonly mayBeEmpty?: boolean;
  /** A switch that may be given several times, or with how often as its value. */
  readonly counts?: boolean;
  /** Has no variable: it chooses what this command works on, which nothing but the command line may do. */
  readonly isOnlyTyped?: boolean;
  /** Values may be text of bytes that are not UTF-8: they are paths, or patterns of them. */
  readonly bytes?: boolean;
}

/** By long name, without the dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** The words given for each flag, by its long name. */
export type GivenFlags = ReadonlyMap<string, readonly string[]>;

/** The flags that every command takes. */
export const globalFlags: Flags = {
  repository: {
    kind: "text",
    value: "REPO",
    short: "r",
    alias: "repo",
    description:
      "where the repository is: a folder, s3://bucket/prefix, s3:https://host/bucket/prefix, tahoe:…, or https://… to read (default: $XDG_DATA_HOME/bcat)",
  },
  "repository-file": { kind: "text", bytes: true, description: "file that holds what --repo would be" },
  "password-file": { kind: "text", bytes: true, short: "p", description: "file that holds the passphrase" },
  "password-command": { kind: "text", description: "shell command that prints the passphrase" },
  "key-file": {
    kind: "text",
    bytes: true,
    description: "file of 32 to 4,096 bytes that is the key, instead of a passphrase",
  },
  "key-hint": {
    kind: "text",
    value: "NUMBER",
    description: "number of the key to try first, as bcat key list shows it",
  },
  "cache-dir": {
    kind: "text",
    value: "FOLDER",
    description: "folder of the local cache (default: $XDG_CACHE_HOME/bcat)",
  },
  "no-cache": { kind: "switch", description: "keep no local cache" },
  ...placeFlags,
  parity: {
    kind: "text",
    value: "PERCENT",
    description:
      "write so much of each pack beside it, such as 5%, to mend it with if a part rots; 0 for none (default: as bcat init was told)",
  },
  json: { kind: "switch", description: "print JSON, with restic's field names" },
  quiet: { kind: "switch", short: "q", description: "print no progress and no summary" },
  progress: {
    kind: "text",
    value: "SECONDS",
    description:
      "tell the progress every so many seconds, also where there is no terminal, 0 for never (default: on a terminal, or with --json)",
  },
  verbose: {
    kind: "switch",
    counts: true,
    short: "v",
    description:
      "print more, such as the requests that were made; twice (-vv, --verbose=2), of backup and restore also each file",
  },
};

/** `FILE` of `--password-file FILE`, undefined for a switch. */
export function valueName(name: string, { kind, value }: Flag): string | undefined {
  return kind === "switch" ? undefined : (value ?? name.slice(name.lastIndexOf("-") + 1).toUpperCase());
}

/** Flags that choose what a command works on: a variable set for backups must not narrow what others show or change. */
export function onlyTyped(flags: Flags): Flags {
  return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, { ...flag, isOnlyTyped: true }]));
}

/** The name of the environment variable that stands for a flag. */
export function variableOf(flag: string): string {
  return `BCAT_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/** The values of a command's flags. Asking for a flag that the command does not declare is a RangeError. */
export class Options {
  readonly #flags: Flags;
  readonly #given: GivenFlags;
  readonly #values: ReadonlyMap<string, readonly string[]>;

  /** @throws {BcatError} with code "usage" when a value, also one from the environment, is not allowed. */
  constructor(flags: Flags, given: GivenFlags, variables: Variables) {
    this.#flags = flags;
    this.#given = given;
    const values = new Map<string, readonly string[]>();
    for (const [name, flag] of Object.entries(flags)) {
      const words = given.get(name);
      const found = words === undefined ? fromVariables(name, flag, variables) : fromWords(name, flag, words);
      if (found !== undefined) values.set(name, found);
    }
    this.#values = values;
  }

  /** True for a flag of the command line; a variable may be meant for other commands. */
  isTyped(name: string): boolean {
    return this.#given.has(name);
  }

  switch(name: string): boolean {
    return this.#get(name, "switch")?.at(-1) === "true";
  }

  /** How often a switch was given, since it was last turned off. */
  count(name: string): number {
    const values = this.#get(name, "switch") ?? [];
    return values.length - 1 - values.lastIndexOf("false");
  }

  text(name: string): string | undefined {
    return this.#get(name, "text")?.[0];
  }

  list(name: string): readonly string[] {
    return this.#get(name, "list") ?? [];
  }

  #get(name: string, kind: Flag["kind"]): readonly string[] | undefined {
    if (this.#flags[name]?.kind !== kind) throw new RangeError(`The command has no ${kind} --${name}`);
    return this.#values.get(name);
  }
}

function fromWords(name: string, flag: Flag, words: readonly string[]): readonly string[] {
  if (flag.kind === "text" && words.length > 1) throw usageError(`Cannot use --${name} twice`);
  return checked(`--${name}`, flag, words);
}

/** The variables of a flag: none, or one for each of its names. */
export function variablesOf(name: string, { alias, isOnlyTyped }: Flag): string[] {
  if (isOnlyTyped === true) return [];
  return [name, ...(alias === undefined ? [] : [alias])].map(variableOf);
}

function fromVariables(name: string, flag: Flag, variables: Variables): readonly string[] | undefined {
  const set = variablesOf(name, flag).filter((variable) => variables[variable] !== undefined);
  const [variable, second] = set;
  if (variable === undefined) return undefined;
  if (second !== undefined) throw usageError(`Cannot use both ${variable} and ${second}: unset one of them`);
  const value = typedVariable(variable, variables[variable] ?? "");
  // An empty variable is most often a script's mistake; to ignore it would back up to the wrong place in silence.
  if (value === "") throw usageError(`Cannot use ${variable}: it is set but empty; unset it or give it a value`);
  if (flag.kind === "switch") return switchValues(variable, value, flag);
  const words = flag.kind === "list" ? value.split("\n").filter((line) => line !== "") : [value];
  return checked(variable, flag, words);
}

function checked(source: string, flag: Flag, words: readonly string[]): readonly string[] {
  const values = flag.commas === true ? words.flatMap(splitList) : words;
  for (const value of values) {
    if (value === "" && flag.mayBeEmpty !== true)
      throw usageError(`Cannot use ${source}: an empty value is not allowed`);
    if (value.includes("\0")) throw usageError(`Cannot use ${source}: its value holds a NUL byte`);
    if (flag.bytes !== true && hasBytes(value)) throw usageError(`Cannot use ${source}: "${value}" is not UTF-8`);
    if (flag.choices !== undefined && !flag.choices.includes(value))
      throw usageError(`Cannot use ${source}: "${value}" is not one of ${flag.choices.join(", ")}`);
  }
  return values;
}

/** `a, b` is a and b. */
export function splitList(word: string): string[] {
  return word.split(",").map((value) => value.trim());
}

/** `--verbose=2` is twice, where that counts. @throws {BcatError} with code "usage" */
export function switchValues(source: string, value: string, { counts }: Flag): string[] {
  if (counts !== true || !/^\d$/.test(value)) return [switchValue(source, value)];
  return value === "0" ? ["false"] : Array.from({ length: Number(value) }, () => "true");
}

const switchOn = ["1", "true", "yes", "on"];
const switchOff = ["0", "false", "no", "off"];

/** @throws {BcatError} with code "usage" when `value` is neither on nor off. */
export function switchValue(source: string, value: string): "true" | "false" {
  if (switchOn.includes(value.toLowerCase())) return "true";
  if (switchOff.includes(value.toLowerCase())) return "false";
  throw usageError(`Cannot use ${source}: "${value}" is neither true nor false`);
}
