/** Runs jobs, in whatever thread: pieces of content become whole files, or parts of open ones. Jobs may take turns. */
import { isExhaustion, systemErrorCode } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import type { FetchedRange, RangeOpener } from "@bcat/repository";
import { NodeType } from "../tree/node.js";
import type { FileWriter, NewFile } from "./file-writer.js";
import { type Job, type JobFault, type JobFiles, type JobResult, NOTHING, State, WHOLE } from "./job.js";
import type { MetadataSetter } from "./metadata.js";
import { writeAroundHoles } from "./sparse-files.js";
import type { TargetDirectory } from "./target-directory.js";

export interface JobRunnerParts {
  readonly posix: Posix;
  readonly writer: FileWriter;
  readonly metadata: MetadataSetter;
  readonly opener: RangeOpener;
  /** Files there is no descriptor for are left to somebody else, rather than failed. */
  readonly postpones: boolean;
}

export class JobRunner {
  readonly #parts: JobRunnerParts;
  /** What is to be set of the file at hand. */
  readonly #file: { -readonly [Field in keyof NewFile]: NewFile[Field] } = {
    name: new Uint8Array(0),
    type: NodeType.file,
    mode: 0,
    uid: 0,
    gid: 0,
    mtimeSeconds: 0,
    mtimeNanoseconds: 0,
  };

  constructor(parts: JobRunnerParts) {
    this.#parts = parts;
  }

  /** Yields the bytes of each piece that is done. `directories` are those that the files name by number. */
  *run({ files, content }: Job, directories: readonly TargetDirectory[]): Generator<number, JobResult> {
    const states = new Uint8Array(files.count);
    const faults: JobFault[] = [];
    const before = this.#parts.metadata.unset;
    let i = 0;
    for (const bytes of this.#pieces(files, content)) {
      const place = { files, index: i, directories };
      states[i] = bytes === undefined ? State.unread : this.#write(place, bytes, faults);
      i++;
      yield bytes?.length ?? 0;
    }
    const { owners, setIds } = this.#parts.metadata.unset;
    return { states, faults, unset: { owners: owners - before.owners, setIds: setIds - before.setIds } };
  }

  #pieces(files: JobFiles, content: FetchedRange | Uint8Array): Iterable<Uint8Array | undefined> {
    return content instanceof Uint8Array ? cutPieces(content, files.lengths) : this.#parts.opener.open(content);
  }

  #write(place: Place, bytes: Uint8Array, faults: JobFault[]): number {
    const { files, index } = place;
    if (bytes.length !== files.lengths[index]) return State.wrongLength;
    const fd = files.descriptors[index]!;
    if (fd === NOTHING) return State.written;
    try {
      if (fd === WHOLE) this.#writeWhole(place, bytes, faults);
      else if (files.sparse?.[index] === 1) writeAroundHoles(this.#parts.posix, fd, bytes, files.positions[index]!);
      else if (bytes.length > 0) this.#parts.posix.writeFile(fd, bytes, files.positions[index]!);
      return State.written;
    } catch (error) {
      if (this.#parts.postpones && isExhaustion(error)) return State.postponed;
      const code = systemErrorCode(error) ?? "";
      faults.push({ index, code, message: error instanceof Error ? error.message : String(error) });
      return State.failed;
    }
  }

  #writeWhole({ files, index, directories }: Place, bytes: Uint8Array, faults: JobFault[]): void {
    const file = this.#file;
    file.name = files.names.subarray(index === 0 ? 0 : files.nameEnds[index - 1]!, files.nameEnds[index]!);
    file.mode = files.modes[index]!;
    file.uid = files.uids[index]!;
    file.gid = files.gids[index]!;
    file.mtimeSeconds = files.seconds[index]!;
    file.mtimeNanoseconds = files.nanoseconds[index]!;
    const directory = directories[files.directories[index]!]!;
    const fault = this.#parts.writer.writeWhole(directory, file, bytes, { isSparse: files.sparse?.[index] === 1 });
    if (fault !== undefined) faults.push({ index, code: "", message: fault });
  }
}

/** A piece of content, by its index. */
interface Place {
  readonly files: JobFiles;
  readonly index: number;
  readonly directories: readonly TargetDirectory[];
}

function* cutPieces(bytes: Uint8Array, lengths: Uint32Array): Generator<Uint8Array> {
  let start = 0;
  for (const length of lengths) {
    yield bytes.subarray(start, start + length);
    start += length;
  }
}
