/**
 * Puts the trees of one root together in the target, out of steps in the order of the walk: a folder is opened, its entries
 * come in order of name, it is closed. A step waits for the contents that it needs, and those behind it with it.
 */
import type { KeyedHash } from "@bcat/crypto";
import { EntryInFolder, type Located } from "../restore/entry-in-folder.js";
import { DirectoryWriter, type StoreTree } from "../tree/list-writer.js";
import { compareBytes } from "../tree/name.js";
import { type Attribute, type Content, type Node, NodeType, type TreeReference } from "../tree/node.js";
import type { PendingContent } from "./copied-contents.js";
import type { CopiedMemory } from "./copied-memory.js";
import type { CopyRun } from "./copy-run.js";

/** An attribute whose content is on its way. */
export interface PendingAttribute {
  readonly name: Uint8Array;
  readonly source: Content;
  readonly pending: PendingContent;
}

/** A node of the source, and what its references are to become. */
export interface NodeInCopy {
  readonly node: Node;
  /** Of a file: its content in the target, or on its way there. */
  readonly content?: Content | PendingContent;
  /** Of a folder that is in the target already. */
  readonly subtree?: TreeReference;
  readonly attributes?: readonly (Attribute | PendingAttribute)[];
  /** What the entry is in the copy that is to be replaced: null where it lacks it, undefined where nobody asks, or knows. */
  readonly was?: Node | null | undefined;
}

/** With the root, which may be no folder, all begins and ends. */
export type Step =
  | ({ readonly kind: "open" | "entry" } & NodeInCopy)
  /** Whether all entries of the folder could be read. */
  | { readonly kind: "close"; readonly isWhole: boolean };

export interface TreeAssemblyParts {
  /** Path of the root. */
  readonly path: Uint8Array;
  readonly run: CopyRun;
  readonly memory: CopiedMemory;
  readonly storeTree: StoreTree;
  readonly nameHash: KeyedHash;
  /** Told of each folder after those in it, whether it was walked or there already. */
  readonly onFolder: (folder: Located, tree: TreeReference) => Promise<void>;
}

interface Level {
  readonly located: Located;
  /** As it will be, but for its tree. */
  readonly node: Node;
  readonly source: TreeReference;
  readonly writer: DirectoryWriter;
  /** Nothing in it or below was left out. */
  isWhole: boolean;
}

export class TreeAssembly {
  /** Nothing of the root was left out. */
  isWhole = true;
  readonly #parts: TreeAssemblyParts;
  readonly #levels: Level[] = [];
  #steps: Step[] = [];
  #done = 0;
  #root: Node | undefined;

  constructor(parts: TreeAssemblyParts) {
    this.#parts = parts;
  }

  /** Steps that wait. */
  get waiting(): number {
    return this.#steps.length - this.#done;
  }

  /** Takes the next step, when those before it need not wait. */
  async add(step: Step): Promise<void> {
    this.#steps.push(step);
    await this.settle();
  }

  /** Takes all steps up to the first that still waits. */
  async settle(): Promise<void> {
    for (; this.#done < this.#steps.length; this.#done++) {
      const step = this.#steps[this.#done]!;
      if (!isReady(step)) break;
      await this.#take(step);
    }
    if (this.#done < this.#steps.length / 2) return;
    this.#steps = this.#steps.slice(this.#done);
    this.#done = 0;
  }

  /** The node of the root, when all steps were taken; undefined when it was left out. */
  finish(): Node | undefined {
    if (this.waiting > 0) throw new Error(`Cannot finish a copy: ${this.waiting} steps wait for contents`);
    return this.#root;
  }

  async #take(step: Step): Promise<void> {
    const { run } = this.#parts;
    if (step.kind === "close") await this.#close(step.isWhole);
    else if (step.kind === "open") this.#open(step);
    else await this.#entry(step);
    const waiting = run.entry(step.kind === "entry" && step.node.type === NodeType.file);
    if (waiting !== undefined) await waiting;
  }

  #open(step: NodeInCopy): void {
    const { storeTree, nameHash, run } = this.#parts;
    const { node } = step;
    if (step.was === null) run.replacing.gained++;
    const located = this.#locate(node);
    run.at(located);
    const attributes = this.#attributes(step, located);
    const writer = new DirectoryWriter(storeTree, nameHash);
    const copied = withReferences(node, { attributes, content: undefined, subtree: node.subtree });
    this.#levels.push({ located, node: copied, source: node.subtree!, writer, isWhole: true });
  }

  async #close(isWhole: boolean): Promise<void> {
    const level = this.#levels.pop()!;
    const { located, node, source, writer } = level;
    const subtree = writer.finish();
    if (level.isWhole && isWhole) this.#parts.memory.setTree(source, subtree);
    else this.#lose();
    this.#add({ ...node, subtree });
    await this.#parts.onFolder(located, subtree);
  }

  async #entry(step: NodeInCopy): Promise<void> {
    const { node, subtree } = step;
    const { run } = this.#parts;
    const located = this.#locate(node);
    run.at(located);
    const attributes = this.#attributes(step, located);
    const content = this.#content(step, located);
    if (content === undefined && node.content !== undefined) {
      run.leaveOut(node);
      if (step.was?.content !== undefined) run.replacing.lost++;
      return;
    }
    if (step.was === null) run.replacing.gained++;
    this.#add(withReferences(node, { attributes, content, subtree }));
    if (subtree !== undefined) await this.#parts.onFolder(located, subtree);
  }

  /** Undefined for what has none, or whose content could not be copied. */
  #content({ node, content }: NodeInCopy, located: Located): Content | undefined {
    if (content === undefined || !("isDone" in content)) return content;
    if (content.content !== undefined) this.#parts.memory.setContent(node.content!, content.content);
    else this.#report(located, content.failure!);
    return content.content;
  }

  #attributes({ attributes, was }: NodeInCopy, located: Located): Attribute[] | undefined {
    return attributes?.flatMap((attribute) => {
      if (!("pending" in attribute)) return [attribute];
      const { name, source, pending } = attribute;
      if (pending.content === undefined) {
        this.#report(located, pending.failure!);
        if (was?.attributes?.some((old) => compareBytes(old.name, name) === 0) === true)
          this.#parts.run.replacing.lost++;
        return [];
      }
      this.#parts.memory.setContent(source, pending.content);
      return [{ name, content: pending.content }];
    });
  }

  #report({ path }: Located, failure: Error): void {
    this.#lose();
    this.#parts.run.report(path, failure);
  }

  /** What is open lacks something. */
  #lose(): void {
    this.isWhole = false;
    const level = this.#levels.at(-1);
    if (level !== undefined) level.isWhole = false;
  }

  #add(node: Node): void {
    const level = this.#levels.at(-1);
    if (level === undefined) this.#root = node;
    else level.writer.add(node);
  }

  #locate(node: Node): Located {
    const folder = this.#levels.at(-1)?.located;
    return folder === undefined ? { path: this.#parts.path } : new EntryInFolder(folder, node, undefined);
  }
}

function isReady(step: Step): boolean {
  if (step.kind === "close") return true;
  const { content, attributes = [] } = step;
  if (content !== undefined && "isDone" in content && !content.isDone) return false;
  return attributes.every((attribute) => !("pending" in attribute) || attribute.pending.isDone);
}

function withReferences(
  node: Node,
  { attributes, content, subtree }: { readonly [Key in "attributes" | "content" | "subtree"]: Node[Key] | undefined },
): Node {
  const copied: Node = { ...node };
  if (content !== undefined) copied.content = content;
  if (subtree !== undefined) copied.subtree = subtree;
  if (node.attributes === undefined) return copied;
  if (attributes !== undefined && attributes.length > 0) copied.attributes = attributes;
  else delete copied.attributes;
  return copied;
}
