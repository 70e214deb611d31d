/** Makes a snapshot of a tar archive that is read once, from its beginning to its end. */
import { BcatError, inSentence } from "@bcat/errors";
import { DATA, TREE } from "@bcat/pack";
import { checkSnapshotTexts, type Repository, SnapshotRecords, WriteSession } from "@bcat/repository";
import { decodeFlags } from "../archive/tar-flags.js";
import { type ReadTarEntry, TarError, TarReader } from "../archive/tar-reader.js";
import { COMPRESSION_LEVELS } from "../backup/options.js";
import { encodeLeaf } from "../tree/leaf.js";
import { type Node, NodeType } from "../tree/node.js";
import { keyOf, namesOf } from "./archive-path.js";
import { kindOf } from "./entry-kind.js";
import { ImportLinks } from "./import-links.js";
import { encodeImportRecord } from "./import-record.js";
import { ImportRun } from "./import-run.js";
import { ImportTrees } from "./import-trees.js";
import { ImportedContents } from "./imported-contents.js";
import { attributesOf, nodeOf, setAccessTime } from "./imported-node.js";
import type { ImportOptions, ImportSummary } from "./options.js";
import { SortedRecords } from "./sorted-records.js";

const NO_NAME = new Uint8Array(0);
const NO_SCAN = new Uint8Array(0);
const LINK = "1";

/**
 * Imports an archive as one root. An entry that cannot be stored is reported and left out; an archive that is damaged or
 * ends before its end makes no snapshot.
 *
 * @param pieces of the archive, not packed
 * @throws BcatError usage, source-failed, refused, interrupted; StorageError
 */
export async function importTar(
  given: Repository,
  pieces: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<ImportSummary> {
  checkSnapshotTexts({ tags: options.tags ?? [], ...(options.host === undefined ? {} : { host: options.host }) });
  const repository = given.withSignal(options.signal);
  const start = repository.environment.now();
  const level = COMPRESSION_LEVELS[options.compression ?? "auto"];
  const host = options.host === undefined ? {} : { host: options.host };
  const session = await WriteSession.begin(repository, { level, dryRun: false, ...host });
  try {
    return await new TarImport(session, pieces, options).run(start);
  } catch (error) {
    await session.abandon();
    if (!(error instanceof TarError)) throw error;
    throw new BcatError("source-failed", `Cannot import: ${inSentence(error.message)}; nothing was committed`, {
      cause: error,
    });
  }
}

class TarImport {
  readonly #session: WriteSession;
  readonly #options: ImportOptions;
  readonly #run: ImportRun;
  readonly #reader: TarReader;
  readonly #contents: ImportedContents;
  readonly #records: SortedRecords;
  readonly #links: ImportLinks;
  /** Entries so far. */
  #order = 0;

  constructor(session: WriteSession, pieces: AsyncIterable<Uint8Array>, options: ImportOptions) {
    const { repository } = session;
    this.#session = session;
    this.#options = options;
    this.#run = new ImportRun(options, session);
    this.#reader = new TarReader(pieces);
    this.#contents = new ImportedContents(session);
    this.#records = new SortedRecords(options.scratch, options.memorySize);
    this.#links = new ImportLinks(repository.nameHash);
  }

  async run(start: number): Promise<ImportSummary> {
    for (let entry = await this.#reader.next(); entry !== undefined; entry = await this.#reader.next()) {
      this.#order++;
      this.#run.at(entry.name);
      await this.#add(entry);
      await this.#run.readEntry();
    }
    if (this.#reader.isFollowed)
      this.#run.report(NO_NAME, "behind its end another archive begins, which was not read: import it by itself");
    this.#run.showProgress();
    const { repository } = this.#session;
    const trees = new ImportTrees({
      run: this.#run,
      links: this.#links,
      storeTree: (bytes) => this.#session.store(TREE, bytes),
      nameHash: repository.nameHash,
    });
    return await this.#commit(await trees.build(this.#records), start);
  }

  async #add(entry: ReadTarEntry): Promise<void> {
    try {
      const key = keyOf(namesOf(entry.name));
      if (entry.type === LINK) {
        const target = keyOf(namesOf(entry.target));
        // A name that is linked to itself is what it was.
        if (Buffer.compare(key, target) === 0) return;
        this.#links.add(key, target, this.#order);
        await this.#records.add(encodeImportRecord({ key, order: this.#order, node: undefined }));
        this.#run.readFile();
        return;
      }
      const kind = kindOf(entry);
      if ("leftOut" in kind) return this.#run.leaveOut(entry.name, kind.leftOut);
      if ("refused" in kind) return this.#run.report(entry.name, kind.refused);
      if (kind.fault !== undefined) this.#run.report(entry.name, kind.fault);
      const node = await this.#node(entry, kind.type);
      if (kind.type === NodeType.file) this.#run.readFile();
      this.#links.replace(key);
      const bytes = encodeLeaf([node], { root: true });
      await this.#records.add(encodeImportRecord({ key, order: this.#order, node: bytes }));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#run.report(entry.name, error.message);
    }
  }

  async #node(entry: ReadTarEntry, type: NodeType): Promise<Node> {
    const node = nodeOf(entry, type);
    if (this.#options.withAtime === true) setAccessTime(node, entry);
    const attributes = attributesOf(entry, {
      owners: this.#options.owners,
      storeData: (bytes) => this.#session.store(DATA, bytes),
      report: (fault) => this.#run.report(entry.name, fault),
    });
    if (attributes.length > 0) node.attributes = attributes;
    const flags = type === NodeType.file || type === NodeType.directory ? decodeFlags(entry.records) : 0;
    if (flags !== 0) node.flags = flags;
    if (type === NodeType.file)
      node.content = await this.#contents.read(this.#reader.content(), (bytes) => this.#run.readBytes(bytes));
    if (entry.sparse !== undefined) node.hasHoles = true;
    return node;
  }

  async #commit(root: Node, start: number): Promise<ImportSummary> {
    const session = this.#session;
    const { environment } = session.repository;
    const { added } = session;
    await session.flush();
    const { counts, errors } = this.#run;
    const end = environment.now();
    const { time } = this.#options;
    const { files, directories } = counts;
    await session.commit({
      roots: [
        {
          path: this.#options.root,
          node: encodeLeaf([{ ...root, name: new Uint8Array(0) }], { root: true }),
          scan: NO_SCAN,
        },
      ],
      start: time ?? start,
      end: time ?? end,
      ...(time === undefined ? {} : { isTimeSaid: true }),
      zone: environment.zone,
      host: this.#options.host ?? environment.host,
      user: environment.user,
      clientId: environment.clientId,
      version: environment.programVersion,
      tags: this.#options.tags ?? [],
      excludes: [],
      options: ["source=tar"],
      counts: {
        ...counts,
        filesNew: files,
        filesChanged: 0,
        filesUnmodified: 0,
        directoriesNew: directories,
        directoriesChanged: 0,
        directoriesUnmodified: 0,
        dataChunksAdded: added.dataChunks,
        treeChunksAdded: added.treeChunks,
        plainBytesAdded: added.plainBytes,
        storedBytesAdded: added.storedBytes,
      },
      errors,
      records:
        SnapshotRecords.linkGroups |
        SnapshotRecords.attributes |
        SnapshotRecords.holes |
        (this.#options.withAtime === true ? SnapshotRecords.atimes : 0),
    });
    return {
      snapshotNumber: session.number,
      ...counts,
      errors: errors.total,
      skipped: this.#run.skipped,
      dataAdded: added.plainBytes,
      dataAddedPacked: added.storedBytes,
      start,
      end: environment.now(),
    };
  }
}
