/** Gives entries their extended attributes, when owner and mode are set: a change of owner takes capabilities away. */
import { BcatError, isBcatError, systemErrorCode } from "@bcat/errors";
import { DATA } from "@bcat/pack";
import { type Attributes, type Directory, type Posix, Stat } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { compareBytes, showName } from "../tree/name.js";
import { type Attribute, type Content, contentSize, type Node, NodeType } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { RestoreRun } from "./restore-run.js";

/** The longest value that a system knows, bytes; one that is longer is not read. */
const VALUE_SIZE_MAX = 64 * 1024;
/** Write permission of the owner. */
const OWNER_WRITES = 0o200;

const NO_NAME = new Uint8Array(0);
const ACCESS_LIST = new Uint8Array(Buffer.from("system.posix_acl_access"));
const DEFAULT_LIST = new Uint8Array(Buffer.from("system.posix_acl_default"));

/** Why attributes are left out, for all of a kind. */
const NOT_HAD = "extended attributes were not restored, the file system of the target has none";
const NO_CALLS = "extended attributes were not restored, that takes koffi";
const notPermitted = (namespace: string) =>
  `extended attributes of "${namespace}" were not restored, that takes privileges`;

export interface AttributeSetterParts {
  readonly posix: Posix;
  readonly repository: Repository;
  readonly run: RestoreRun;
  /** A snapshot that says which attributes its entries have says so also of those that take privileges to see. */
  readonly recordsAllAttributes: boolean;
}

/** Of entries that are there: nobody may set it, for all that it is so. */
const FORBIDDEN: ReadonlySet<string | undefined> = new Set(["EROFS", "EPERM", "EACCES"]);

function hasAlready(
  calls: Attributes,
  error: unknown,
  of: { directory: Directory; entry: Uint8Array; name: Uint8Array; value: Uint8Array },
): boolean {
  if (!FORBIDDEN.has(systemErrorCode(error))) return false;
  try {
    const found = calls.getAt(of.directory, of.entry, of.name);
    return found !== undefined && compareBytes(found, of.value) === 0;
  } catch {
    return false;
  }
}

export class AttributeSetter {
  readonly #parts: AttributeSetterParts;
  readonly #stat = new Stat();

  constructor(parts: AttributeSetterParts) {
    this.#parts = parts;
  }

  /**
   * What could not be set of an entry (without a name: of `directory` itself), where that is not so of all.
   *
   * @throws ENOENT for an entry that is not there
   */
  async set(directory: Directory, entry: { path: Uint8Array; node: Node }): Promise<string | undefined> {
    const { node } = entry;
    const { attributes: calls } = this.#parts.posix;
    const faults: string[] = [];
    for (const { name, content } of node.attributes ?? []) {
      if (calls === undefined) {
        this.#parts.run.forbid(entry.path, NO_CALLS);
        break;
      }
      let value: Uint8Array | undefined;
      try {
        value = await this.#read(content);
        this.#setOne(calls, directory, node, { name, value });
      } catch (error) {
        if (value !== undefined && hasAlready(calls, error, { directory, entry: node.name, name, value })) continue;
        const fault = this.#faultOf(error, { name, path: entry.path });
        if (fault !== undefined) faults.push(fault);
      }
    }
    return faults.length === 0 ? undefined : faults.join(", ");
  }

  /** True when what is made in an open directory gets an access control list from it, or nobody can tell. */
  givesLists(directory: Directory): boolean {
    try {
      return this.#parts.posix.attributes?.getAt(directory, NO_NAME, DEFAULT_LIST) !== undefined;
    } catch (error) {
      return systemErrorCode(error) !== "ENOTSUP";
    }
  }

  /** Takes the lists from an entry that it got when it was made, but for those in `kept`. @throws what the system says */
  takeLists(directory: Directory, name: Uint8Array, kept: Node["attributes"] = []): void {
    for (const list of [ACCESS_LIST, DEFAULT_LIST]) {
      if (kept.some((attribute) => compareBytes(attribute.name, list) === 0)) continue;
      this.#parts.posix.attributes?.removeAt(directory, name, list);
    }
  }

  /** Whether the access control list of an entry that is there is the one that the snapshot has; true when that has none. */
  async hasAccessList(directory: Directory, node: Node): Promise<boolean> {
    const wanted = find(node, ACCESS_LIST);
    const { attributes: calls } = this.#parts.posix;
    if (wanted === undefined || calls === undefined) return true;
    if (!calls.listAt(directory, node.name).some(isAccessList)) return false;
    const found = calls.getAt(directory, node.name, ACCESS_LIST);
    try {
      return found !== undefined && compareBytes(found, await this.#read(wanted.content)) === 0;
    } catch (error) {
      // Whoever sets it says that it is damaged.
      if (isBcatError(error, "corrupt")) return false;
      throw error;
    }
  }

  /** Takes from an entry that is there what the snapshot has not, and unless `keepsList` its access control list. */
  takeOthers(directory: Directory, node: Node, keepsList: boolean): { name: Uint8Array; error: unknown }[] {
    const { attributes: calls } = this.#parts.posix;
    const faults: { name: Uint8Array; error: unknown }[] = [];
    for (const name of calls?.listAt(directory, node.name) ?? []) {
      const isKept = find(node, name) !== undefined && (keepsList || !isAccessList(name));
      if (isKept || !this.#isOwn(name)) continue;
      try {
        calls!.removeAt(directory, node.name, name);
      } catch (error) {
        faults.push({ name, error });
      }
    }
    return faults;
  }

  /**
   * How the attributes of an entry that is there differ: `more` has some that the snapshot has not. Labels, which the
   * system gives by itself, are not looked for. `recorded`: the snapshot says what entries have.
   */
  async compare(directory: Directory, node: Node, recorded: boolean): Promise<"same" | "more" | "different"> {
    const { attributes: calls } = this.#parts.posix;
    if (calls === undefined) return "same";
    const isMore = (name: Uint8Array) => this.#isOwn(name) && find(node, name) === undefined;
    if (recorded && calls.listAt(directory, node.name).some(isMore)) return "more";
    for (const { name, content } of node.attributes ?? []) {
      const found = calls.getAt(directory, node.name, name);
      if (found === undefined || compareBytes(found, await this.#read(content)) !== 0) return "different";
    }
    return "same";
  }

  /** Whether a value that people gave to an entry that is there is not the one that it is to have, or is to go. */
  async takesAny(directory: Directory, node: Node, recorded: boolean): Promise<boolean> {
    const { attributes: calls } = this.#parts.posix;
    for (const name of calls?.listAt(directory, node.name) ?? []) {
      const wanted = find(node, name);
      if (wanted === undefined ? !recorded || !this.#isOwn(name) : isLabel(name)) continue;
      const found = calls?.getAt(directory, node.name, name);
      if (found === undefined) continue;
      if (wanted === undefined || compareBytes(found, await this.#read(wanted.content)) !== 0) return true;
    }
    return false;
  }

  /** What people and programs have given, and the snapshot would have if the entry had it then. */
  #isOwn(name: Uint8Array): boolean {
    return isGiven(name) && (this.#parts.recordsAllAttributes || namespaceOf(name) !== "trusted");
  }

  #setOne(
    calls: Attributes,
    directory: Directory,
    node: Node,
    attribute: { name: Uint8Array; value: Uint8Array },
  ): void {
    const { name, value } = attribute;
    try {
      calls.setAt(directory, node.name, name, value);
    } catch (error) {
      // The owner of a file that he may not write to cannot set those of a user either.
      const isOwn = node.name.length > 0 && (node.type === NodeType.file || node.type === NodeType.directory);
      if (systemErrorCode(error) !== "EACCES" || !isOwn || (node.mode & OWNER_WRITES) !== 0) throw error;
      const { posix } = this.#parts;
      // As it is, not as the snapshot has it: set-id bits of somebody else's file have been left out.
      posix.statAt(directory, node.name, this.#stat);
      const { mode } = this.#stat;
      posix.setModeAt(directory, node.name, mode | OWNER_WRITES);
      try {
        calls.setAt(directory, node.name, name, value);
      } finally {
        posix.setModeAt(directory, node.name, mode);
      }
    }
  }

  #faultOf(error: unknown, { name, path }: { name: Uint8Array; path: Uint8Array }): string | undefined {
    const { run } = this.#parts;
    const code = systemErrorCode(error);
    if (code === "ENOENT" || (error instanceof BcatError && error.code !== "corrupt")) throw error;
    if (code === "ENOTSUP") run.forbid(path, NOT_HAD);
    else if (code === "EPERM") run.forbid(path, notPermitted(namespaceOf(name)));
    else {
      run.refuseExhausted(path, error);
      return `its extended attribute ${showName(name)} could not be set (${code ?? (error as Error).message})`;
    }
    return undefined;
  }

  async #read(content: Content): Promise<Uint8Array> {
    if (content.kind === "inline") return content.bytes;
    const size = contentSize(content);
    if (size > VALUE_SIZE_MAX) throw Object.assign(new Error(`it has ${size} bytes`), { code: "E2BIG", errno: -7 });
    const pieces: Uint8Array[] = [];
    for await (const chunks of readChunkReferences(this.#parts.repository, content)) {
      for (const { id } of chunks) pieces.push((await this.#parts.repository.readChunk(DATA, id)).slice());
    }
    return Buffer.concat(pieces);
  }
}

function find({ attributes }: Node, name: Uint8Array): Attribute | undefined {
  return attributes?.find((attribute) => compareBytes(attribute.name, name) === 0);
}

export function isAccessList(name: Uint8Array): boolean {
  return compareBytes(name, ACCESS_LIST) === 0;
}

/** What people and programs give to an entry, not the system. */
function isGiven(name: Uint8Array): boolean {
  const text = Buffer.from(name).toString("latin1");
  return text === "security.capability" || /^(?:user\.|trusted\.|system\.posix_acl_)/.test(text);
}

/** What the system gives by itself. */
function isLabel(name: Uint8Array): boolean {
  return namespaceOf(name) === "security" && !isGiven(name);
}

function namespaceOf(name: Uint8Array): string {
  return Buffer.from(name).toString("latin1").split(".", 1)[0] ?? "";
}
