/**
 * Names of objects and registers: 1 to 200 characters of `a-z 0-9 / -`, in segments between slashes, none of them
 * empty. That is what every file system and every bucket takes as it is, and it cannot leave the repository's folder.
 * No name may be a folder of another (`a` beside `a/b`): the layout never does that, and a local folder could not.
 */

/** The longest name, in characters (all of them ASCII, so also in bytes). */
export const nameLengthMax = 200;

const nameForm = /^[a-z0-9-]+(?:\/[a-z0-9-]+)*$/;
const prefixForm = /^(?:[a-z0-9-]+\/)*[a-z0-9-]*$/;

/** @throws {RangeError} when `name` is not a name of an object. */
export function checkName(name: string): void {
  if (!isName(name)) throw malformed("name", name);
}

/** True when `name` can be the name of an object. */
export function isName(name: string): boolean {
  return name.length <= nameLengthMax && nameForm.test(name);
}

/** @throws {RangeError} when no name can start with `prefix`. */
export function checkPrefix(prefix: string): void {
  if (prefix.length > nameLengthMax || !prefixForm.test(prefix)) throw malformed("prefix", prefix);
}

function malformed(what: string, found: string): RangeError {
  const allowed = `at most ${nameLengthMax} of a-z, 0-9, "-" in segments separated by "/"`;
  return new RangeError(`Cannot use ${JSON.stringify(found)} as the ${what} of an object: allowed are ${allowed}`);
}
