/**
 * The entries of folders as a restore wants them: those that patterns leave, with the owners and attributes that they are
 * to have.
 *
 * A folder that is only on the way to what is included is wanted when there is something in it. That is found out by
 * reading on to the first such entry; which child leads there is remembered for each folder between, so no tree is
 * read more than twice.
 */
import { isBcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { joinPath, keyOf } from "../path.js";
import type { Entry } from "../root-entries.js";
import { compareBytes } from "../tree/name.js";
import { type Node, NodeType } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import type { OwnerMapping } from "./owners.js";
import type { Judgement, Selection } from "./selection.js";
import type { UnreadPaths } from "./unread-paths.js";

export interface WantedNodesParts {
  readonly repository: Repository;
  readonly owners: OwnerMapping;
  /** Undefined for everything. */
  readonly selection?: Selection | undefined;
  /** Whether an extended attribute of this name is restored; undefined for all. */
  readonly takesAttribute?: ((name: Uint8Array) => boolean) | undefined;
  /** What the snapshot may lack though it was there. */
  readonly unread: UnreadPaths;
  /** Lets others run, now and then. */
  readonly breathe: () => Promise<void> | undefined;
}

export class WantedNodes {
  readonly #parts: WantedNodesParts;
  /** Entries without the set-id bits that the snapshot has, for their owner is another one here. */
  setIdsDropped = 0;
  /** Of folders that were looked into and not yet read: the name of the first wanted child. */
  readonly #first = new Map<string, Uint8Array>();

  constructor(parts: WantedNodesParts) {
    this.#parts = parts;
  }

  /** Gives an entry that a restore begins with the owner and attributes that it is to have. */
  begin(node: Node): void {
    if (this.#prepare(node)) this.setIdsDropped++;
  }

  /** True where it loses set-id bits. */
  #prepare(node: Node): boolean {
    const { owners, takesAttribute } = this.#parts;
    const isDropped = owners.apply(node);
    this.#chooseAttributes(node, takesAttribute);
    return isDropped;
  }

  #chooseAttributes(node: Node, takesAttribute: WantedNodesParts["takesAttribute"]): void {
    if (node.attributes === undefined || takesAttribute === undefined) return;
    const attributes = node.attributes.filter(({ name }) => takesAttribute(name));
    if (attributes.length > 0) node.attributes = attributes;
    else delete node.attributes;
  }

  /** Whether there is anything to restore of an entry that a restore begins with. */
  async begins({ path, node }: Entry, isNamed: boolean): Promise<boolean> {
    const { selection } = this.#parts;
    if (selection === undefined) return true;
    const isDirectory = node.type === NodeType.directory;
    const judgement = isNamed ? selection.beginNamed(path, isDirectory) : selection.begin(path, isDirectory);
    return await this.#isWanted(judgement, { path, node });
  }

  /** Whether the snapshot may lack the path because it could not be read. */
  mayBeUnread(path: Uint8Array): boolean {
    return this.#parts.unread.mayHold(path);
  }

  /** Whether an entry of a folder would be wanted, had the snapshot it; undefined where all would. */
  wouldTake(folder: Uint8Array): ((name: Uint8Array, isDirectory: boolean) => boolean) | undefined {
    const { selection } = this.#parts;
    if (selection === undefined) return undefined;
    const state = selection.beginNamed(folder, true);
    return (name, isDirectory) => selection.judge(joinPath(folder, name), isDirectory, state).becomes === "taken";
  }

  /** As {@link in}, counting what is dropped: for the one who restores it. */
  async *restoredIn(folder: Entry): AsyncGenerator<readonly Node[], undefined> {
    for await (const leaf of this.#nodesIn(folder)) {
      for (const node of leaf) this.begin(node);
      yield leaf;
    }
  }

  /** What is wanted in a folder that is, in order of name. */
  async *in(folder: Entry): AsyncGenerator<readonly Node[], undefined> {
    for await (const leaf of this.#nodesIn(folder)) {
      for (const node of leaf) this.#prepare(node);
      yield leaf;
    }
  }

  #nodesIn(folder: Entry): AsyncGenerator<readonly Node[], undefined> {
    const { repository, selection } = this.#parts;
    const state = selection?.beginNamed(folder.path, true);
    const isWhole = state === undefined || (state.becomes === "taken" && selection!.takesWhole);
    return isWhole ? readNodes(repository, folder.node.subtree!) : this.#chosen(folder, selection!, state);
  }

  async *#chosen(folder: Entry, selection: Selection, state: Judgement): AsyncGenerator<readonly Node[], undefined> {
    const key = keyOf(folder.path);
    let first = this.#first.get(key);
    this.#first.delete(key);
    for await (const nodes of readNodes(this.#parts.repository, folder.node.subtree!)) {
      let chosen: Node[] = [];
      for (const node of nodes) {
        const turn = this.#parts.breathe();
        if (turn !== undefined) await turn;
        const order = first === undefined ? 1 : compareBytes(node.name, first);
        if (order < 0) continue;
        if (order === 0) first = undefined;
        const path = joinPath(folder.path, node.name);
        const judgement = selection.judge(path, node.type === NodeType.directory, state);
        if (order > 0 && !(await this.#isWanted(judgement, { path, node }))) continue;
        chosen.push(node);
        if (judgement.becomes !== "passed") continue;
        // What was remembered on the way into it is used now.
        yield chosen;
        chosen = [];
      }
      if (chosen.length > 0) yield chosen;
    }
  }

  async #isWanted(judgement: Judgement, entry: Entry): Promise<boolean> {
    const { becomes } = judgement;
    return becomes === "taken" || (becomes === "passed" && (await this.#leads(entry, judgement)));
  }

  /** Whether something is wanted in a folder. One that cannot be read is: the restore itself then says so. */
  async #leads(folder: Entry, state: Judgement): Promise<boolean> {
    try {
      const first = await this.#findFirst(folder, state);
      if (first === undefined) return false;
      this.#first.set(keyOf(folder.path), first);
      return true;
    } catch (error) {
      if (isBcatError(error, "corrupt") || isBcatError(error, "storage-failed")) return true;
      throw error;
    }
  }

  async #findFirst(folder: Entry, state: Judgement): Promise<Uint8Array | undefined> {
    const selection = this.#parts.selection!;
    for await (const nodes of readNodes(this.#parts.repository, folder.node.subtree!)) {
      for (const node of nodes) {
        const turn = this.#parts.breathe();
        if (turn !== undefined) await turn;
        const path = joinPath(folder.path, node.name);
        const judgement = selection.judge(path, node.type === NodeType.directory, state);
        if (await this.#isWanted(judgement, { path, node })) return node.name;
      }
    }
    return undefined;
  }
}
