/**
 * Two trees gone through at once, in order of path. Of two folders that hold the same, by the id of what is in them,
 * nothing is read. In memory are one piece of each folder on the way down.
 */
import { SourceError } from "@bcat/errors";
import { joinPath } from "../path.js";
import { compareBytes } from "../tree/name.js";
import { isFolder, type Side, type Tree } from "./tree.js";

/** What two trees have at a path; one of the two at least. */
export interface Pair<Left extends Side, Right extends Side> {
  readonly path: Uint8Array;
  readonly left: Left | undefined;
  readonly right: Right | undefined;
  /** It is a folder that could not be read: what is in it was not compared. */
  readonly fault?: SourceError;
}

/**
 * @param isEntered false for what is in a pair not to be gone through
 * @throws CorruptError; StorageError
 */
export async function* compareTrees<Left extends Side, Right extends Side>(
  left: Tree<Left>,
  right: Tree<Right>,
  isEntered: (pair: Pair<Left, Right>) => boolean = () => true,
): AsyncGenerator<Pair<Left, Right>> {
  const levels: Level<Left, Right>[] = [];
  const enter = async (pair: Pair<Left, Right>): Promise<SourceError | undefined> => {
    const level = new Level(pair, left, right);
    try {
      await level.begin();
      levels.push(level);
      return undefined;
    } catch (error) {
      if (error instanceof SourceError) return error;
      throw error;
    }
  };
  let next: Pair<Left, Right> | undefined = { path: Buffer.from("/"), left: left.top, right: right.top };
  while (next !== undefined) {
    yield next;
    if (next.fault === undefined && mayDiffer(next) && isEntered(next)) {
      const fault = await enter(next);
      if (fault !== undefined) yield { ...next, fault };
    }
    next = await nextOf(levels);
  }
}

async function nextOf<Left extends Side, Right extends Side>(
  levels: Level<Left, Right>[],
): Promise<Pair<Left, Right> | undefined> {
  for (let last = levels.at(-1); last !== undefined; last = levels.at(-1)) {
    try {
      const next = last.next();
      const pair = next instanceof Promise ? await next : next;
      if (pair !== undefined) return pair;
    } catch (error) {
      // It has gone meanwhile: what is left of it is not compared.
      if (!(error instanceof SourceError)) throw error;
      levels.pop();
      return { ...last.pair, fault: error };
    }
    levels.pop();
  }
  return undefined;
}

/** Whether there may be differences in what is in them. */
function mayDiffer({ left, right }: Pair<Side, Side>): boolean {
  const folders = [left, right].filter((side) => side !== undefined && isFolder(side));
  if (folders.length < 2) return folders.length === 1;
  const [a, b] = [left!.node?.subtree, right!.node?.subtree];
  return a === undefined || b === undefined || compareBytes(a.id, b.id) !== 0;
}

class Level<Left extends Side, Right extends Side> {
  /** The folder. */
  readonly pair: Pair<Left, Right>;
  readonly #left: Cursor<Left>;
  readonly #right: Cursor<Right>;

  constructor(pair: Pair<Left, Right>, leftTree: Tree<Left>, rightTree: Tree<Right>) {
    this.pair = pair;
    this.#left = new Cursor(leftTree, pair.left);
    this.#right = new Cursor(rightTree, pair.right);
  }

  /** Has an entry of each at hand: a folder that cannot be read shows before anything of it was said. */
  async begin(): Promise<void> {
    await this.#left.fill();
    await this.#right.fill();
  }

  /** The next pair; a promise only where more of a folder has to be read. */
  next(): Pair<Left, Right> | undefined | Promise<Pair<Left, Right> | undefined> {
    return this.#left.isAtHand && this.#right.isAtHand ? this.#take() : this.begin().then(() => this.#take());
  }

  /** Of what has been read. */
  #take(): Pair<Left, Right> | undefined {
    const { current: left } = this.#left;
    const { current: right } = this.#right;
    if (left === undefined && right === undefined) return undefined;
    const order = left === undefined ? 1 : right === undefined ? -1 : compareBytes(left.name, right.name);
    if (order <= 0) this.#left.drop();
    if (order >= 0) this.#right.drop();
    const name = (order <= 0 ? left : right)!.name;
    return {
      path: joinPath(this.pair.path, name),
      left: order <= 0 ? left : undefined,
      right: order >= 0 ? right : undefined,
    };
  }
}

/** The entries of one folder, one after another. */
class Cursor<Entry extends Side> {
  readonly #pieces: AsyncIterator<readonly Entry[]> | undefined;
  #piece: readonly Entry[] = [];
  #at = 0;
  #isAtEnd = false;

  constructor(tree: Tree<Entry>, folder: Entry | undefined) {
    this.#pieces = folder === undefined ? undefined : tree.children(folder)[Symbol.asyncIterator]();
  }

  /** What is next is known without reading. */
  get isAtHand(): boolean {
    return this.#at < this.#piece.length || this.#isAtEnd;
  }

  /** The next one, undefined behind the last. */
  get current(): Entry | undefined {
    return this.#piece[this.#at];
  }

  async fill(): Promise<void> {
    while (!this.isAtHand) {
      const { value, done } = (await this.#pieces?.next()) ?? { value: [], done: true };
      this.#isAtEnd = done === true;
      this.#piece = done === true ? [] : value;
      this.#at = 0;
    }
  }

  drop(): void {
    this.#at++;
  }
}
