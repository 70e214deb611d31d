/** Where passphrase or key come from, as flags and variables say it, and the questions on the terminal. */
import { BcatError } from "@bcat/errors";
import type { SecretSource } from "@bcat/host";
import type { Options, Variables } from "./options.js";
import { usageError } from "./usage.js";

/** Asks a person, without showing what is typed. Undefined where there is no terminal. */
export type Ask = (question: string) => Promise<string>;

export interface Sources {
  readonly options: Options;
  readonly variables: Variables;
  readonly ask: Ask | undefined;
}

/** @throws {BcatError} with code "usage" when there is more than one source. */
export function chooseSecretSource({ options, variables, ask }: Sources): SecretSource {
  const [file, command] = [options.text("password-file"), options.text("password-command")];
  const keyFile = options.text("key-file");
  const value = variables.BCAT_PASSWORD;
  if (value === "") throw usageError("Cannot use BCAT_PASSWORD: it is set but empty; unset it or give it a value");
  const named = [
    ...(file === undefined ? [] : ["--password-file (BCAT_PASSWORD_FILE)"]),
    ...(command === undefined ? [] : ["--password-command (BCAT_PASSWORD_COMMAND)"]),
    ...(keyFile === undefined ? [] : ["--key-file (BCAT_KEY_FILE)"]),
    ...(value === undefined ? [] : ["BCAT_PASSWORD"]),
  ];
  if (named.length > 1)
    throw usageError(`Cannot choose between two passphrase sources: give only one of ${named.join(" and ")}`);
  if (file !== undefined) return { kind: "file", path: file };
  if (command !== undefined) return { kind: "command", command };
  if (keyFile !== undefined) return { kind: "key-file", path: keyFile };
  if (value !== undefined) return { kind: "value", value, where: "in BCAT_PASSWORD" };
  return { kind: "ask", ask: (isNew) => askPassphrase(ask, isNew) };
}

/** Asks once, or for a new repository twice. */
export async function askPassphrase(ask: Ask | undefined, isNew: boolean): Promise<string> {
  if (ask === undefined) {
    throw new BcatError(
      "wrong-passphrase",
      "Cannot ask for the passphrase: there is no terminal; give --password-file, --password-command, --key-file or BCAT_PASSWORD",
    );
  }
  const passphrase = await ask(isNew ? "passphrase for the new repository: " : "passphrase: ");
  if (!isNew) return passphrase;
  if (passphrase === "") throw usageError("Cannot create a repository: the passphrase is empty");
  if ((await ask("the same passphrase again: ")) !== passphrase)
    throw usageError("Cannot create a repository: the two passphrases differ; nothing was created");
  return passphrase;
}
