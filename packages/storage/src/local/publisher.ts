/**
 * How bytes get their name in a folder, so that the name never shows a part of them, is never given twice, and stays:
 *
 *     create .tmp-<suffix> in the same directory, write all, give it owner and group, fsync it
 *     link it to its name      the one step that decides: atomic, and refused when the name is taken
 *     unlink .tmp-<suffix>
 *     fsync the directory
 *
 * Where the file system has no hard links (FAT, exFAT, many network mounts), it is renamed to its name instead, by a
 * call that refuses a taken name too: a plain rename would replace what another writer put there. Where there is neither
 * nothing is written: a file created under its name decides as well, but a crash would leave a part of a register, and
 * that stops a repository for good. A crash here leaves at worst a `.tmp-*` file.
 */

import type { Durability } from "./durability.js";
import { type LocalFile, type LocalFileSystem, useFile } from "./file-system.js";
import { isPrivate, ownerReads, type Rights, share } from "./rights.js";
import type { Sharing } from "./sharing.js";
import { hasCode, LocalFault } from "./system-error.js";

/** Names of files that have not got their name yet start so; no object can be called that. */
export const temporaryPrefix = ".tmp-";

/** Where to publish: under `name` in `directory`, which exists. */
export interface Place {
  readonly directory: string;
  readonly name: string;
}

/** How a temporary file got its name, or that another has it. */
type Naming = "linked" | "renamed" | "taken";

const modeWhileWriting = 0o600;

/** What file systems and kernels answer that know no links; Samba says EACCES for a disk of that kind behind it. */
const noLinkCodes = ["EPERM", "EACCES", "EMLINK", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];
/** What they answer that know no rename that refuses a taken name. */
const noRenameCodes = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

export interface PublisherParts {
  readonly fileSystem: LocalFileSystem;
  readonly durability: Durability;
  readonly sharing: Sharing;
  readonly suffix: () => string;
}

export class Publisher {
  readonly #fileSystem: LocalFileSystem;
  readonly #durability: Durability;
  readonly #sharing: Sharing;
  readonly #suffix: () => string;
  #hasLinks = true;

  constructor({ fileSystem, durability, sharing, suffix }: PublisherParts) {
    this.#fileSystem = fileSystem;
    this.#durability = durability;
    this.#sharing = sharing;
    this.#suffix = suffix;
  }

  /** Returns true when `bytes` have the name durably, false when it was taken and nothing was changed. */
  async publish({ directory, name }: Place, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    return await this.#sharing.within(directory, async (within, rights) => {
      const naming = await this.#nameNew({ directory: within, name }, bytes, { rights, signal });
      if (naming === "taken") return false;
      await this.#durability.syncDirectory(within);
      return true;
    });
  }

  async #nameNew(
    { directory, name }: Place,
    bytes: Uint8Array,
    { rights, signal }: { readonly rights: Rights; readonly signal: AbortSignal | undefined },
  ): Promise<Naming> {
    const temporary = `${directory}/${temporaryPrefix}${this.#suffix()}`;
    const file = await this.#fileSystem.open(temporary, "wx", modeWhileWriting);
    let naming: Naming | undefined;
    try {
      return await useFile(file, async () => {
        await writeAll(file, bytes);
        const mode = isPrivate(rights) ? ownerReads : await prepare(file, rights);
        await this.#durability.sync(file);
        signal?.throwIfAborted();
        naming = await this.#name(temporary, `${directory}/${name}`);
        if (naming !== "taken") await protect(file, mode);
        return naming;
      });
    } finally {
      if (naming !== "renamed") await this.#discard(temporary);
    }
  }

  async #name(temporary: string, path: string): Promise<Naming> {
    try {
      if (this.#hasLinks && (await this.#link(temporary, path))) return "linked";
      await this.#rename(temporary, path);
      return "renamed";
    } catch (error) {
      if (hasCode(error, "EEXIST")) return "taken";
      throw error;
    }
  }

  /** False when the file system has no links. */
  async #link(temporary: string, path: string): Promise<boolean> {
    try {
      await this.#fileSystem.link(temporary, path);
      return true;
    } catch (error) {
      if (!hasCode(error, ...noLinkCodes)) throw error;
      this.#hasLinks = false;
      return false;
    }
  }

  async #rename(temporary: string, path: string): Promise<void> {
    if (this.#fileSystem.renameExclusive === undefined) {
      const needed = "the package koffi (see bcat version), Linux and glibc 2.28";
      throw new LocalFault(`the file system has no hard links; without them, writing needs ${needed}`);
    }
    try {
      await this.#fileSystem.renameExclusive(temporary, path);
    } catch (error) {
      if (!hasCode(error, ...noRenameCodes)) throw error;
      const missing = "neither hard links nor a rename that refuses a taken name";
      throw new LocalFault(`the file system has ${missing}; use another one`, { cause: error });
    }
  }

  /** What cannot be removed is left over, as after a crash; that is no reason to fail. */
  async #discard(path: string): Promise<void> {
    await this.#fileSystem.unlink(path).catch(() => {});
  }
}

/**
 * Takes away the right to write, where there is such a thing. Not before the file has its name: some systems let nobody
 * link a file who may not write to it (fs.protected_hardlinks, when a mount gives files to another user), and some rename
 * none that is read-only.
 */
async function protect(file: LocalFile, mode: number): Promise<void> {
  await file.chmod(mode).catch(() => {});
}

/** Lets those read it who may, before it has a name by which they can find it. Returns the mode it is to have then. */
async function prepare(file: LocalFile, rights: Rights): Promise<number> {
  const mode = await share(file, rights.file, rights);
  await file.chmod(modeWhileWriting | mode).catch(() => {});
  return mode;
}

async function writeAll(file: LocalFile, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, written);
    if (bytesWritten === 0) {
      throw new LocalFault(`0 bytes were taken at offset ${written} of ${bytes.length}`);
    }
    written += bytesWritten;
  }
}
