/**
 * Walks a root of the source, and says step by step what it becomes in the target. What is there already is not read: what
 * this run has copied before, and what an earlier copy has at the same path.
 */
import type { Repository } from "@bcat/repository";
import { EntryInFolder, type Located } from "../restore/entry-in-folder.js";
import type { Attribute, Content, Node, TreeReference } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import type { CopiedContents, PendingContent } from "./copied-contents.js";
import type { CopiedMemory } from "./copied-memory.js";
import type { CopyRun } from "./copy-run.js";
import { Counterpart, type CounterpartParts, contentOfPair, type NodePair, treeOfPair } from "./counterpart.js";
import type { NodeInCopy, PendingAttribute, TreeAssembly } from "./tree-assembly.js";

/** Entries that wait for contents, some KB each: beyond, all that is under way is waited for. */
export const waitingMax = 32_768;

export interface TreeWalkParts {
  readonly source: Repository;
  readonly run: CopyRun;
  readonly memory: CopiedMemory;
  readonly contents: CopiedContents;
  readonly assembly: TreeAssembly;
  /** Of what an earlier copy has; undefined without one. */
  readonly counterparts: CounterpartParts | undefined;
  readonly waitingMax?: number | undefined;
}

export class TreeWalk {
  readonly #parts: TreeWalkParts;

  constructor(parts: TreeWalkParts) {
    this.#parts = parts;
  }

  /** All of a root; what it becomes is in the assembly. @param pair the same root in an earlier copy */
  async root(path: Uint8Array, node: Node, pair: NodePair | undefined): Promise<void> {
    const { assembly, contents } = this.#parts;
    await this.#node({ path }, { node, was: pair?.target ?? null }, pair);
    await contents.flush();
    await assembly.settle();
  }

  /** @param entry what it was in the copy that is to be replaced counts only where one is */
  async #node(
    located: Located,
    { node, was }: Pick<NodeInCopy, "node" | "was">,
    pair: NodePair | undefined,
  ): Promise<void> {
    const { assembly, counterparts } = this.#parts;
    const attributes = await this.#attributes(located, node);
    const head: NodeInCopy = {
      node,
      ...(counterparts?.isIncomplete === true && { was }),
      ...(attributes === undefined ? {} : { attributes }),
    };
    if (node.subtree !== undefined) await this.#folder(located, node.subtree, head, pair);
    else if (node.content === undefined) await assembly.add({ kind: "entry", ...head });
    else {
      const content = await this.#content({ located, node, content: node.content }, pair);
      await assembly.add({ kind: "entry", ...head, content });
    }
    await this.#keepBounded();
  }

  async #folder(located: Located, tree: TreeReference, head: NodeInCopy, pair: NodePair | undefined): Promise<void> {
    const { assembly, memory, counterparts } = this.#parts;
    const known = counterparts !== undefined && pair !== undefined ? { counterparts, pair } : undefined;
    const subtree = memory.tree(tree) ?? (known && (await treeOfPair(known.counterparts, known.pair, tree)));
    if (subtree !== undefined) {
      memory.setTree(tree, subtree);
      await assembly.add({ kind: "entry", ...head, subtree });
      return;
    }
    await assembly.add({ kind: "open", ...head });
    const isWhole = await this.#entries(located, tree, known && new Counterpart(known.counterparts, known.pair));
    await assembly.add({ kind: "close", isWhole });
  }

  /** False when not all of them could be read. */
  async #entries(folder: Located, tree: TreeReference, counterpart: Counterpart | undefined): Promise<boolean> {
    const { source, run, counterparts } = this.#parts;
    let isWhole = true;
    let last: Uint8Array | undefined;
    const leaves = run.untilFault(readNodes(source, tree), (fault) => {
      isWhole = false;
      run.report(folder.path, fault);
    });
    for await (const leaf of leaves) {
      for (const node of leaf) {
        const pair = await counterpart?.find(node.name);
        const was = pair?.target ?? (counterpart?.isDamaged === true ? undefined : null);
        await this.#node(new EntryInFolder(folder, node, undefined), { node, was }, pair);
        last = node.name;
      }
    }
    const isReplaced = !isWhole && counterparts?.isIncomplete === true;
    if (isReplaced && (await counterpart?.targetGoesOn(last)) === true) run.replacing.lost++;
    return isWhole;
  }

  async #content(
    { located, node, content }: { readonly located: Located; readonly node: Node; readonly content: Content },
    pair: NodePair | undefined,
  ): Promise<Content | PendingContent> {
    const { contents, counterparts, memory } = this.#parts;
    if (content.kind === "inline") return content;
    const remembered = memory.content(content);
    if (remembered !== undefined) return remembered;
    if (counterparts !== undefined && pair !== undefined) {
      const found = await contentOfPair(counterparts, pair, content);
      if (found !== undefined) return found;
    }
    return await contents.copy(located.path, node, content);
  }

  async #attributes(located: Located, node: Node): Promise<(Attribute | PendingAttribute)[] | undefined> {
    if (node.attributes === undefined) return undefined;
    const copied: (Attribute | PendingAttribute)[] = [];
    for (const { name, content: source } of node.attributes) {
      const content = await this.#content({ located, node, content: source }, undefined);
      copied.push("isDone" in content ? { name, source, pending: content } : { name, content });
    }
    return copied;
  }

  async #keepBounded(): Promise<void> {
    const { assembly, contents } = this.#parts;
    if (assembly.waiting <= (this.#parts.waitingMax ?? waitingMax)) return;
    await contents.flush();
    await assembly.settle();
  }
}
