/** Folders for tests: in memory where the machine has such a place, because the tests write a great deal. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MEMORY = "/dev/shm";

export class Scratch {
  readonly path: string;
  #count = 0;

  constructor(name: string) {
    this.path = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), `bcat-${name}-`));
  }

  /** A path nobody has had before; nothing is there yet. */
  fresh(name: string): string {
    return join(this.path, `${name}-${++this.#count}`);
  }

  /** A new, empty folder. */
  folder(name: string): string {
    const path = this.fresh(name);
    mkdirSync(path);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
