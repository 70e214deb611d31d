/**
 * Has files read and their contents stored, in this thread.
 */
import type { Directory } from "@bcat/posix";
import type { StoreTree } from "../../tree/list-writer.js";
import type { BackupRun } from "../backup-run.js";
import type { OpenRoot } from "../roots.js";
import type { SourceDirectories } from "../source-directory.js";
import { requireSourceFault } from "../source-fault.js";
import type { Visit } from "../visit.js";
import { ContentBuilder } from "./content-builder.js";
import type { FileReader, ReadFile } from "./file-reader.js";
import { settleFile } from "./settle-file.js";

const NOTHING: ReadFile = { size: 0, inline: undefined, hasChanged: false, isUnsettled: true };

export interface ContentsOptions {
  readonly run: BackupRun;
  readonly directories: SourceDirectories;
  readonly reader: FileReader;
  readonly storeTree: StoreTree;
  /** Stores a chunk of data and returns its id. */
  readonly storeData: (bytes: Uint8Array) => Uint8Array;
  readonly now: () => number;
}

export class Contents {
  readonly #options: ContentsOptions;
  readonly #builder: ContentBuilder;

  constructor(options: ContentsOptions) {
    this.#options = options;
    this.#builder = new ContentBuilder(options.storeTree);
  }

  /** Has the file of a row read: its payload is set and its row is as it was found, or it is dropped and reported. */
  async read(visit: Visit, row: number): Promise<void> {
    const { run, directories } = this.#options;
    try {
      const handle = await directories.handle(visit.directory);
      await this.#read(visit, row, handle, visit.table.name(row));
    } catch (error) {
      run.dropRow(visit, row, requireSourceFault(error));
    }
  }

  /** Reads a file that is a root, into the one row of `visit`. @throws SourceError */
  async readRoot(visit: Visit, root: OpenRoot): Promise<void> {
    await this.#read(visit, 0, root.parent, root.name);
  }

  async #read(visit: Visit, row: number, directory: Directory, name: Uint8Array): Promise<void> {
    const { run, reader, now } = this.#options;
    run.currentPath = () => visit.pathOf(visit.table.name(row));
    this.#builder.restart();
    const reading = reader.read(directory, name, now(), this.#sink);
    let step = reading.next();
    try {
      for (; step.done !== true; step = reading.next()) await run.breathe(0, step.value);
    } finally {
      // Closes the file when something else has ended the reading.
      if (step.done !== true) reading.return(NOTHING);
    }
    this.#settle(visit, row, step.value);
    await run.breathe(step.value.size);
  }

  readonly #sink = {
    chunk: (bytes: Uint8Array) => this.#builder.add(this.#options.storeData(bytes), bytes.length),
    restart: () => this.#builder.restart(),
  };

  #settle(visit: Visit, row: number, file: ReadFile): void {
    const { run, reader } = this.#options;
    settleFile(visit, row, { ...file, stat: reader.stat, content: this.#builder.finish(file.inline) }, run);
  }
}
