/**
 * The secret that opens a repository, out of exactly one source, so that it is never a question which of two was used.
 * No message ever holds a passphrase, or the output of a command.
 */
import type { Secret } from "@bcat/crypto";
import { BcatError } from "@bcat/errors";
import { decodePassphrase } from "./passphrase.js";

export type SecretSource =
  /** A file that holds a passphrase. */
  | { readonly kind: "file"; readonly path: string }
  /** A shell command that prints a passphrase. */
  | { readonly kind: "command"; readonly command: string }
  /** A passphrase that is known; `where` says whence, for messages: "in BCAT_PASSWORD". */
  | { readonly kind: "value"; readonly value: string; readonly where: string }
  /** A person is asked, for a new repository twice; `asksAgain` when it was wrong, and says so if it does. */
  | {
      readonly kind: "ask";
      readonly ask: (isNew: boolean) => Promise<string>;
      readonly asksAgain?: () => boolean;
    }
  /** A file whose bytes are the secret, and no passphrase. */
  | { readonly kind: "key-file"; readonly path: string };

export interface SecretOptions {
  /** For what is made now. */
  readonly isNew: boolean;
  /** What is made then, for messages; a repository if not given. */
  readonly purpose?: string;
  readonly signal: AbortSignal;
}

/** @throws {BcatError} with code "usage" for what cannot be a secret, and "wrong-passphrase" when none could be had. */
export async function getSecret(source: SecretSource, options: SecretOptions): Promise<Secret> {
  const { isNew, signal, purpose = "create a repository" } = options;
  if (source.kind === "key-file") {
    const { readSecretFile } = await import("./secret-file.js");
    return { keyFile: await readSecretFile(source.path, { what: "key file", signal }) };
  }
  const passphrase = await getPassphrase(source, { isNew, signal });
  if (passphrase !== "") return { passphrase };
  const found = `the passphrase ${originOf(source)}is empty`;
  if (isNew) throw new BcatError("usage", `Cannot ${purpose}: ${found}`);
  throw new BcatError("wrong-passphrase", `Cannot open the repository: ${found}`);
}

type PassphraseSource = Exclude<SecretSource, { kind: "key-file" }>;

async function getPassphrase(
  source: PassphraseSource,
  { isNew, signal }: Pick<SecretOptions, "isNew" | "signal">,
): Promise<string> {
  if (source.kind === "value") return source.value;
  if (source.kind === "ask") return await source.ask(isNew);
  return decodePassphrase(await readPassphrase(source, signal), originOf(source).trimEnd());
}

// Loaded when used: both need parts of Node that cost every start milliseconds.
async function readPassphrase(
  source: Extract<SecretSource, { kind: "file" | "command" }>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (source.kind === "file") {
    const { readSecretFile } = await import("./secret-file.js");
    return await readSecretFile(source.path, { what: "password file", signal });
  }
  const { runPassphraseCommand } = await import("./passphrase-command.js");
  return await runPassphraseCommand(source.command, signal);
}

/** Where it came from, for messages, with a blank behind it; nothing where a person knows. */
export function originOf(source: SecretSource): string {
  if (source.kind === "ask") return "";
  if (source.kind === "value") return `${source.where} `;
  if (source.kind === "key-file") return `"${source.path}" `;
  return source.kind === "command" ? "from the password command " : `in file "${source.path}" `;
}
