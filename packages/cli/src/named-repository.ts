/** The repository that flags and variables name: by itself, or in a file. */
import { createReadStream } from "node:fs";
import { buffer } from "node:stream/consumers";
import { bytesOfText, decodeUtf8, describeSystemError } from "@bcat/errors";
import { type Options, variableOf } from "./options.js";
import { quoteText } from "./quote.js";
import { usageError } from "./usage.js";

/** Longer than any name of a place, bytes. */
const FILE_SIZE_MAX = 65_536;

/**
 * What is typed wins over what is set.
 *
 * @param prefix of the flags: none, or `from-` for those of a second repository
 * @throws {BcatError} with code "usage" where two are named, or the file does not hold one
 */
export async function namedRepository(options: Options, prefix: "" | "from-" = ""): Promise<string | undefined> {
  const [flag, fileFlag] = [`${prefix}repository`, `${prefix}repository-file`] as const;
  const [name, file] = [options.text(flag), options.text(fileFlag)];
  if (name === undefined || file === undefined) return file === undefined ? name : await readName(file, fileFlag);
  const [isTyped, isFileTyped] = [options.isTyped(flag), options.isTyped(fileFlag)];
  if (isTyped !== isFileTyped) return isTyped ? name : await readName(file, fileFlag);
  const [one, other] = isTyped ? [`--${prefix}repo`, `--${fileFlag}`] : [variableOf(flag), variableOf(fileFlag)];
  throw usageError(`Cannot use both ${one} and ${other}: each names a repository`);
}

async function readName(file: string, flag: string): Promise<string> {
  const refuse = (found: string, cause?: unknown) =>
    usageError(`Cannot use --${flag} "${quoteText(file)}": ${found}`, { cause });
  let bytes: Uint8Array;
  try {
    bytes = await buffer(createReadStream(Buffer.from(bytesOfText(file)), { end: FILE_SIZE_MAX }));
  } catch (cause) {
    throw refuse(describeSystemError(cause), cause);
  }
  // As restic: blanks and line ends around it are not part of it.
  const name = bytes.length > FILE_SIZE_MAX ? undefined : decodeUtf8(bytes)?.trim();
  if (name === undefined || /[\n\0]/.test(name)) throw refuse("it does not hold one line of text with a repository");
  if (name === "") throw refuse("it is empty");
  return name;
}
