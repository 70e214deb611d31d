/**
 * What a power loss may leave. Durable is what an fsync of the very node came after: of a file its bytes, of a directory
 * its names. Of everything else any part may be there, each independently of all others: a name may be any that it was
 * since; a file may lack what was written, or have it in part, or zeros in its place. Modes last all or not at all: the
 * last change to a file is one, and there is no fsync after it.
 */
import type { Disk, Effect, NodeId } from "./disk.js";

/** How much of a write there is that no fsync came after. */
const KEPT = ["nothing", "all", "the beginning", "only its length"] as const;

/** Something that a power loss decides: one of so many ways. */
interface Question {
  readonly ways: number;
  answer(disk: Disk, way: number): void;
}

export class Aftermath {
  readonly #durable: Disk;
  readonly #questions: readonly Question[];

  /** After these changes of `before`, all of which is durable. */
  constructor(before: Disk, effects: readonly Effect[]) {
    const pending = new Pending(before);
    for (const effect of effects) pending.note(effect);
    this.#durable = pending.durable;
    this.#questions = pending.questions();
  }

  /** In how many ways it may come. */
  get count(): number {
    return this.#questions.reduce((count, { ways }) => count * ways, 1);
  }

  /** @param draw gives 0 up to, not including, 1, for each thing that is open */
  disk(draw: () => number): Disk {
    const disk = this.#durable.clone();
    for (const question of this.#questions) question.answer(disk, Math.floor(draw() * question.ways));
    return disk;
  }

  /** All of them when they are at most `max`; else so many that are drawn. */
  *disks(max: number, draw: () => number): Generator<Disk> {
    if (this.count > max) for (let i = 0; i < max; i++) yield this.disk(draw);
    else for (let number = 0; number < this.count; number++) yield this.#numbered(number);
  }

  #numbered(number: number): Disk {
    const disk = this.#durable.clone();
    for (const question of this.#questions) {
      question.answer(disk, number % question.ways);
      number = Math.floor(number / question.ways);
    }
    return disk;
  }
}

/** What is durable, and the changes that are not. */
class Pending {
  readonly durable: Disk;
  readonly #names = new Map<NodeId, Map<string, (NodeId | undefined)[]>>();
  readonly #writes = new Map<NodeId, { offset: number; bytes: Uint8Array }[]>();
  readonly #modes = new Map<NodeId, number>();

  constructor(before: Disk) {
    this.durable = before.clone();
  }

  note(effect: Effect): void {
    if (effect.kind === "make") this.durable.apply(effect);
    else if (effect.kind === "name") this.#noteName(effect.directory, effect.name, effect.node);
    else if (effect.kind === "write") listOf(this.#writes, effect.node).push(effect);
    else if (effect.kind === "mode") this.#modes.set(effect.node, effect.mode);
    else this.#sync(effect.node);
  }

  questions(): Question[] {
    const names = [...this.#names].flatMap(([directory, changed]) =>
      [...changed].map(([name, nodes]) => askName(directory, name, nodes)),
    );
    const writes = [...this.#writes].flatMap(([node, all]) => all.map((write) => askWrite(node, write)));
    return [...names, ...writes, ...(this.#modes.size > 0 ? [askModes(this.#modes)] : [])];
  }

  #noteName(directory: NodeId, name: string, node: NodeId | undefined): void {
    const changed = this.#names.get(directory) ?? new Map<string, (NodeId | undefined)[]>();
    this.#names.set(directory, changed);
    listOf(changed, name).push(node);
  }

  #sync(node: NodeId): void {
    for (const [name, nodes] of this.#names.get(node) ?? [])
      this.durable.apply({ kind: "name", directory: node, name, node: nodes.at(-1) });
    for (const write of this.#writes.get(node) ?? []) this.durable.apply({ kind: "write", node, ...write });
    const mode = this.#modes.get(node);
    if (mode !== undefined) this.durable.apply({ kind: "mode", node, mode });
    for (const pending of [this.#names, this.#writes, this.#modes]) pending.delete(node);
  }
}

function askName(directory: NodeId, name: string, nodes: readonly (NodeId | undefined)[]): Question {
  return {
    ways: nodes.length + 1,
    answer: (disk, way) => way > 0 && disk.apply({ kind: "name", directory, name, node: nodes[way - 1] }),
  };
}

function askModes(modes: ReadonlyMap<NodeId, number>): Question {
  return {
    ways: 2,
    answer(disk, way) {
      if (way > 0) for (const [node, mode] of modes) disk.apply({ kind: "mode", node, mode });
    },
  };
}

function askWrite(node: NodeId, { offset, bytes }: { offset: number; bytes: Uint8Array }): Question {
  const half = bytes.subarray(0, bytes.length >> 1);
  return {
    ways: KEPT.length,
    answer(disk, way) {
      const kept = {
        nothing: undefined,
        all: bytes,
        "the beginning": half,
        "only its length": new Uint8Array(bytes.length),
      };
      const found = kept[KEPT[way]!];
      if (found !== undefined) disk.apply({ kind: "write", node, offset, bytes: found });
    },
  };
}

function listOf<Key, Item>(lists: Map<Key, Item[]>, key: Key): Item[] {
  const found = lists.get(key) ?? [];
  lists.set(key, found);
  return found;
}
