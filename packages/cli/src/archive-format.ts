/** The form of an archive that the name of a file says. */
import { usageError } from "./usage.js";

export const archiveFormats = ["tar", "zip"] as const;
export type ArchiveFormat = (typeof archiveFormats)[number];

/** A tar archive that something has packed. */
const packedTar = /\.(tar\.[a-z0-9]{1,4}|t(gz|bz2?|xz|zst|lz))$/i;

/** Undefined where it says none that can be written. */
export function formatOfName(name: string | undefined): ArchiveFormat | undefined {
  return archiveFormats.find((format) => name?.toLowerCase().endsWith(`.${format}`));
}

/** @throws {BcatError} with code "usage" where the name of the file says another form than that which is written */
export function checkFormat(format: ArchiveFormat, name: string): void {
  const refuse = (found: string) => usageError(`Cannot write a ${format} archive to "${name}": ${found}`);
  if (packedTar.test(name))
    throw refuse(`its name says that it is packed, which bcat does not; leave --target out and write "| gzip > FILE"`);
  const said = formatOfName(name);
  if (said !== undefined && said !== format)
    throw refuse(`its name says ${said}; leave --archive out, or end the name in .${format}`);
}
