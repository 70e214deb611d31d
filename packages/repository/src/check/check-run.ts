/** What a check finds, and how it is counted. */
import { BcatError, CorruptError, isBcatError, type MessageCode } from "@bcat/errors";
import { packOfParity } from "@bcat/pack";
import type { ArchivedObjects } from "@bcat/storage";
import type { DataSubset } from "./data-subset.js";
import { type ObjectKind, objectKindOf, remedyFor } from "./remedy.js";

/**
 * Damage loses data or may; a note is something to know, such as what a crash left behind; a detail is as it should be,
 * and told to those only who ask for more.
 */
export interface Finding extends Concerned {
  readonly kind: "damage" | "note" | "detail";
  readonly code: MessageCode;
  /** Name of the object in the storage, where one is to blame. */
  readonly object: string | undefined;
  readonly objectKind?: ObjectKind;
  readonly message: string;
  /** Of damage: what heals it, a command line or, where no command can, words. */
  readonly remedy?: string;
}

/** What damage concerns. */
export interface Concerned {
  /** Snapshots that cannot be restored wholly. */
  readonly snapshots?: readonly number[] | undefined;
  /** Absolute, the first that need it, {@link needPathsMax} at most. */
  readonly paths?: readonly Uint8Array[];
  /** How many need it, those of `paths` included. */
  readonly pathCount?: number;
}

/** Paths that a finding names. */
export const needPathsMax = 3;

export interface CheckOptions {
  /** Also read packs, all or a part of them, open every frame, and recompute the id of every chunk. */
  readonly readData?: boolean | DataSubset;
  /** Takes the names of what is archived; without it the first such object ends the check. */
  readonly archived?: ArchivedObjects;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CheckProgress) => void;
  readonly onFinding?: (finding: Finding) => void;
}

export interface CheckProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number | undefined;
  /** Of the phase, from 0 to 1, where that is known without a total. */
  readonly share?: number | undefined;
  /** Read from the storage so far. */
  readonly bytes: number;
}

export interface CheckSummary {
  readonly damage: number;
  readonly notes: number;
  readonly snapshots: number;
  readonly packs: number;
  /** Packs whose data were read. */
  readonly packsRead: number;
  /** Of the others: how many nobody is known to have read, and when the one was read that was read longest ago, ms. */
  readonly neverRead: number;
  readonly oldestRead: number | undefined;
  readonly segments: number;
  readonly chunks: number;
  /** Packs that are there, and archived: they were not looked into. */
  readonly archivedPacks: number;
  /** Of what was to be looked at something could not be had, as it is archived. */
  readonly isIncomplete: boolean;
  readonly bytesRead: number;
}

interface DamageDetails extends Concerned {
  readonly code?: MessageCode;
  /** By default, what heals objects of this kind. */
  readonly remedy?: string;
}

/** Work between two turns of the event loop: units, or bytes read. */
const BREATHE_STEPS = 64;
const BREATHE_BYTES = 16 * 2 ** 20;

/** Findings and figures of one check. Says each thing once. */
export class CheckRun {
  damage = 0;
  notes = 0;
  snapshots = 0;
  packs = 0;
  packsRead = 0;
  neverRead = 0;
  oldestRead: number | undefined;
  segments = 0;
  chunks = 0;
  archivedPacks = 0;
  /** Folders and lists in archived packs: what they need is not known. */
  unreadTrees = 0;
  bytesRead = 0;
  /** Names of the packs whose data are to be read, once they are chosen; undefined for all. */
  chosen: ReadonlySet<string> | undefined;
  /** Names of the packs whose data are right, as this run has read them, or one that it repeats. */
  readonly right: Set<string>;
  readonly #options: CheckOptions;
  readonly #said = new Set<string>();
  readonly #damaged = new Set<string>();
  #steps = 0;
  #bytesAtBreath = 0;

  /**
   * @param before a run over the same repository that this one repeats: data that it has read and found right are not
   *   read again, all others that were chosen are, also of packs that it has not come to, or that were not there
   */
  constructor(options: CheckOptions, before?: CheckRun) {
    this.#options = options;
    this.right = new Set(before?.right);
    if (before === undefined) return;
    this.chosen = before.chosen;
    this.bytesRead = before.bytesRead;
    // Those whose parity is damaged are right themselves.
    for (const object of before.#damaged) this.right.delete(packOfParity(object) ?? object);
  }

  /** Which packs are to be read. */
  get readData(): boolean | DataSubset {
    return this.#options.readData ?? false;
  }

  /** True when damage was reported of `object`. */
  isDamaged(object: string): boolean {
    return this.#damaged.has(object);
  }

  /** True when damage was reported of what says which packs and segments there are. */
  get lacksReferences(): boolean {
    for (const object of this.#damaged) if (/^(?:sessions|outcomes|index)\//.test(object)) return true;
    return false;
  }

  reportDamage(
    object: string | undefined,
    message: string,
    { code = "damaged", remedy = remedyFor(object), ...concerned }: DamageDetails = {},
  ): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    if (object !== undefined) this.#damaged.add(object);
    this.damage++;
    const { snapshots, ...paths } = concerned;
    const needs = { ...(snapshots !== undefined && { snapshots }), ...paths };
    this.#tell({ kind: "damage", code, object, message, remedy, ...needs });
  }

  reportNote(object: string | undefined, message: string, code: MessageCode): void {
    this.notes++;
    this.#tell({ kind: "note", code, object, message });
  }

  /** What is as it should be. */
  reportDetail(message: string, code: MessageCode): void {
    this.#tell({ kind: "detail", code, object: undefined, message });
  }

  #tell(finding: Finding): void {
    const objectKind = finding.object === undefined ? undefined : objectKindOf(finding.object);
    this.#options.onFinding?.({ ...finding, ...(objectKind !== undefined && { objectKind }) });
  }

  /** What was wrong may have been the line, or the memory of a machine on the way. */
  noteWrongOnce(object: string): void {
    const found = `"${object}" was wrong when it was read first, and right when it was read again`;
    const message = `${found}: the line, the server or the memory of this machine is not to be trusted`;
    this.reportNote(object, message, "misread");
  }

  /** One note for all that is archived. It is no damage: where the class of storage is set, it is what was wanted. */
  noteArchived(): void {
    if (this.archivedPacks === 0) return;
    const [packs, are] = this.archivedPacks === 1 ? ["pack", "is"] : ["packs", "are"];
    const trees = this.unreadTrees === 0 ? "" : "; folders are in them, and what these need was not looked for";
    const message = `${this.archivedPacks} ${packs} ${are} there, but archived, and could not be read${trees}`;
    this.reportNote(undefined, message, "archived");
  }

  /** Runs `action`; damage it meets is reported, and undefined returned. Anything else is thrown on. */
  async guard<T>(
    action: () => Promise<T>,
    context: { object?: string; snapshots?: readonly number[] } = {},
  ): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      const object = (error instanceof CorruptError ? error.object : undefined) ?? context.object;
      this.reportDamage(object, error.message, { snapshots: context.snapshots });
      return undefined;
    }
  }

  /** A unit of work is done: shows progress, and now and then lets others run. @throws BcatError interrupted */
  async step(phase: string, done: number, total: number | undefined, share?: number): Promise<void> {
    this.#options.onProgress?.({ phase, done, total, share, bytes: this.bytesRead });
    if (++this.#steps % BREATHE_STEPS !== 0 && this.bytesRead - this.#bytesAtBreath < BREATHE_BYTES) return;
    this.#bytesAtBreath = this.bytesRead;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#options.signal?.aborted === true) throw new BcatError("interrupted", "interrupted; nothing was changed");
  }

  summary(): CheckSummary {
    const { damage, notes, snapshots, packs, segments, chunks, archivedPacks, bytesRead } = this;
    const { packsRead, neverRead, oldestRead } = this;
    const isIncomplete = this.unreadTrees > 0 || (this.readData !== false && archivedPacks > 0);
    const read = { packsRead, neverRead, oldestRead, bytesRead };
    return { damage, notes, snapshots, packs, segments, chunks, archivedPacks, isIncomplete, ...read };
  }
}
