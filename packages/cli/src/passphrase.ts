/** Where passphrase or key come from, as flags and variables say it, and the questions on the terminal. */
import { BcatError } from "@bcat/errors";
import type { SecretSource } from "@bcat/host";
import { type Options, type Variables, variableOf } from "./options.js";
import type { Output } from "./output.js";
import type { Ask, PassphraseInput } from "./passphrase-input.js";
import { usageError } from "./usage.js";

export interface Sources {
  readonly options: Options;
  readonly variables: Variables;
  readonly input: PassphraseInput;
  readonly output: Pick<Output, "complain">;
}

/** Before the names of flags: none, `from-` for those of a second repository, `new-` for those of a new key. */
export type SecretPrefix = "" | "from-" | "new-";

/** How often a person may type a passphrase. */
const TRIES_MAX = 3;

interface Named {
  readonly source: () => SecretSource;
  readonly isTyped: boolean;
  /** For messages. */
  readonly shown: string;
}

/**
 * What is typed wins over what is set.
 *
 * @throws {BcatError} with code "usage" where two are typed, or two are set.
 */
export function chooseSecretSource(sources: Sources, prefix: SecretPrefix = ""): SecretSource {
  const all = [...namedByFlags(sources, prefix), ...namedByValue(sources, prefix)];
  const typed = all.filter(({ isTyped }) => isTyped);
  const [one, ...others] = typed.length > 0 ? typed : all;
  if (one === undefined) return askedSource(sources, prefix);
  if (others.length === 0) return one.source();
  const names = [one, ...others].map(({ shown }) => shown).join(" and ");
  throw usageError(`Cannot choose between two passphrase sources: give only one of ${names}`);
}

function namedByFlags(sources: Sources, prefix: SecretPrefix): Named[] {
  const { options } = sources;
  const makers: Record<string, (value: string) => SecretSource> = {
    "password-file": (path) => (path === "-" ? stdinSource(sources) : { kind: "file", path }),
    "password-command": (command) => ({ kind: "command", command }),
    "key-file": (path) => ({ kind: "key-file", path }),
  };
  return Object.entries(makers).flatMap(([name, source]) => {
    const flag = `${prefix}${name}`;
    const value = options.text(flag);
    const shown = `--${flag} (${variableOf(flag)})`;
    return value === undefined ? [] : [{ source: () => source(value), isTyped: options.isTyped(flag), shown }];
  });
}

function namedByValue({ variables }: Sources, prefix: SecretPrefix): Named[] {
  const shown = variableOf(`${prefix}password`);
  const value = variables[shown];
  if (value === undefined) return [];
  const source = (): SecretSource => {
    if (value === "") throw usageError(`Cannot use ${shown}: it is set but empty; unset it or give it a value`);
    return { kind: "value", value, where: `in ${shown}` };
  };
  return [{ source, isTyped: false, shown }];
}

/** `--password-file -`: the next line of standard input. @throws {BcatError} with code "usage" where that is data */
function stdinSource({ input: { ask, stdin } }: Sources): SecretSource {
  if (stdin.kind === "taken")
    throw usageError("Cannot read the passphrase from standard input: the command reads its data there");
  if (stdin.kind === "terminal") return { kind: "ask", ask: (isNew) => askPassphrase(ask, isNew) };
  const { nextLine } = stdin;
  return {
    kind: "ask",
    ask: async () => {
      const line = await nextLine();
      if (line !== undefined) return line;
      throw new BcatError("wrong-passphrase", "Cannot read the passphrase from standard input: it has ended");
    },
  };
}

/** What comes through a pipe, and otherwise what a person types, who may try again. */
function askedSource({ input, output }: Sources, prefix: SecretPrefix): SecretSource {
  let tries = 0;
  let isTypedByPerson = false;
  return {
    kind: "ask",
    ask: async (isNew) => {
      const { stdin } = input;
      isTypedByPerson = false;
      const line = stdin.kind === "pipe" ? await stdin.nextLine() : undefined;
      if (line !== undefined) return line;
      const answer = await askPassphrase(input.ask, isNew, prefix);
      tries++;
      isTypedByPerson = true;
      return answer;
    },
    asksAgain: () => {
      if (!isTypedByPerson || tries >= TRIES_MAX) return false;
      output.complain("wrong passphrase, try again");
      return true;
    },
  };
}

/** Asks once, or for a new repository twice. */
export async function askPassphrase(ask: Ask | undefined, isNew: boolean, prefix: SecretPrefix = ""): Promise<string> {
  if (ask === undefined) {
    const flags = ["password-file", "password-command", "key-file"].map((flag) => `--${prefix}${flag}`).join(", ");
    throw new BcatError(
      "wrong-passphrase",
      `Cannot ask for the passphrase: there is no terminal; give ${flags} or ${variableOf(`${prefix}password`)}`,
    );
  }
  const whose = prefix === "from-" ? " of the repository to read from" : "";
  if (!isNew) return await ask(`passphrase${whose}: `);
  const what = prefix === "new-" ? "key" : "repository";
  const passphrase = await ask(`passphrase for the new ${what}: `);
  const failure = prefix === "new-" ? "Cannot add a key" : "Cannot create a repository";
  if (passphrase === "") throw usageError(`${failure}: the passphrase is empty`);
  if ((await ask("the same passphrase again: ")) !== passphrase)
    throw usageError(`${failure}: the two passphrases differ; nothing was created`);
  return passphrase;
}
