/** How contents of files get on their way: out of their nodes, out of the repository, or out of files that were there. */
import type { Repository } from "@bcat/repository";
import { splitPath } from "../path.js";
import type { Content, Node } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import type { EntryFaults } from "./entry-faults.js";
import type { Located } from "./entry-in-folder.js";
import { LargeFile } from "./large-files.js";
import { LocalFile, type LocalFileParts } from "./local-file.js";
import type { PendingEntries } from "./pending-entries.js";
import type { Replacer } from "./replacer.js";
import type { RestoreRun } from "./restore-run.js";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";

export interface FileContentsParts {
  readonly repository: Repository;
  readonly run: RestoreRun;
  readonly directories: TargetDirectories;
  readonly pending: PendingEntries;
  readonly faults: EntryFaults;
  readonly local: LocalFileParts;
  readonly replacer: Replacer;
}

interface Place extends Located {
  readonly directory: TargetDirectory;
}

export class FileContents {
  readonly #parts: FileContentsParts;

  constructor(parts: FileContentsParts) {
    this.#parts = parts;
  }

  /** Has a file made whose name is free. */
  async add(place: Place, node: Node): Promise<void> {
    const { directory } = place;
    const folder = folderOf(place);
    const content = node.content!;
    if (content.kind !== "list") await this.#parts.pending.contents.add({ directory, folder }, node, content);
    else await this.#addChunks(new LargeFile(node, { directory, folder }), content, undefined);
  }

  /** Has a file made that takes the place of another entry, whose chunks are used as far as they are the same. */
  async replace(given: Place, node: Node): Promise<void> {
    const { directory } = given;
    const { directories, replacer, local, pending } = this.#parts;
    const content = node.content!;
    const place = { directory, folder: folderOf(given), finalName: node.name };
    const temporary = { ...node, name: replacer.prepare(directory, node.name) };
    const old = content.kind === "inline" ? undefined : LocalFile.open(local, directories.handle(directory), node.name);
    try {
      const comesWhole = content.kind === "inline" || (content.kind === "chunks" && !isOfUse(old, content.chunks));
      if (comesWhole) await pending.contents.add(place, temporary, content);
      else await this.#addChunks(new LargeFile(temporary, place), content, old);
    } finally {
      old?.close();
    }
  }

  async #addChunks(file: LargeFile, content: Content, old: LocalFile | undefined): Promise<void> {
    const { repository, pending, faults, run } = this.#parts;
    const { contents } = pending;
    try {
      for await (const chunks of readChunkReferences(repository, content)) {
        for (const chunk of chunks) {
          if (contents.addHole(file, chunk)) continue;
          const bytes = old?.chunk(chunk, file.position);
          if (bytes === undefined) contents.addChunk(file, chunk);
          else contents.keep(file, bytes);
          if (contents.isFull) await pending.flushContents();
          const turn = old === undefined ? undefined : run.breathe(chunk.length);
          if (turn !== undefined) await turn;
        }
        const turn = run.breathe(0);
        if (turn !== undefined) await turn;
      }
    } catch (error) {
      if (!(await faults.concernsEntry(error))) throw error;
      file.failure ??= error as Error;
    }
    contents.complete(file);
  }
}

/** The folder of an entry, of which the path is asked for in turn when its own is. */
function folderOf(place: Located): Located {
  return {
    get path() {
      return splitPath(place.path).folder;
    },
  };
}

/** One that would give nothing is not asked for each chunk: many small files differ as a whole. */
function isOfUse(old: LocalFile | undefined, chunks: Extract<Content, { kind: "chunks" }>["chunks"]): boolean {
  const [first, second] = chunks;
  if (old === undefined || first === undefined) return false;
  return second !== undefined || old.chunk(first, 0) !== undefined;
}
