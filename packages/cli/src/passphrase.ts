/** Where passphrase or key come from, as flags and variables say it, and the questions on the terminal. */
import { BcatError } from "@bcat/errors";
import type { SecretSource } from "@bcat/host";
import { type Options, type Variables, variableOf } from "./options.js";
import { usageError } from "./usage.js";

/** Asks a person, without showing what is typed. Undefined where there is no terminal. */
export type Ask = (question: string) => Promise<string>;

export interface Sources {
  readonly options: Options;
  readonly variables: Variables;
  readonly ask: Ask | undefined;
}

/** Before the names of flags: none, `from-` for those of a second repository, `new-` for those of a new key. */
export type SecretPrefix = "" | "from-" | "new-";

/**
 * @throws {BcatError} with code "usage" when there is more than one source.
 */
export function chooseSecretSource({ options, variables, ask }: Sources, prefix: SecretPrefix = ""): SecretSource {
  const flags = { file: `${prefix}password-file`, command: `${prefix}password-command`, keyFile: `${prefix}key-file` };
  const [file, command, keyFile] = [flags.file, flags.command, flags.keyFile].map((flag) => options.text(flag));
  const variable = variableOf(`${prefix}password`);
  const value = variables[variable];
  if (value === "") throw usageError(`Cannot use ${variable}: it is set but empty; unset it or give it a value`);
  const named = [
    ...(file === undefined ? [] : [flags.file]),
    ...(command === undefined ? [] : [flags.command]),
    ...(keyFile === undefined ? [] : [flags.keyFile]),
  ].map((flag) => `--${flag} (${variableOf(flag)})`);
  if (value !== undefined) named.push(variable);
  if (named.length > 1)
    throw usageError(`Cannot choose between two passphrase sources: give only one of ${named.join(" and ")}`);
  if (file !== undefined) return { kind: "file", path: file };
  if (command !== undefined) return { kind: "command", command };
  if (keyFile !== undefined) return { kind: "key-file", path: keyFile };
  if (value !== undefined) return { kind: "value", value, where: `in ${variable}` };
  return { kind: "ask", ask: (isNew) => askPassphrase(ask, isNew, prefix) };
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
