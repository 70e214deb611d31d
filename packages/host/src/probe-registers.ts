/** Whether registers that live elsewhere are there, fit the repository, and keep writers apart, found out by using them. */
import { BcatError, interruption, StorageError } from "@bcat/errors";
import type { AnnouncedRegisters } from "@bcat/repository";
import type { ProbeFinding, ProbeOptions, RegistersReport, TableState } from "@bcat/storage";
import { random } from "./environment.js";
import { missingFolders, removeProbeFolders } from "./probe-place.js";
import type { Site } from "./site.js";

/** Requests at once in a race. */
const width = 16;
const idSize = 16;
/** Time (ms) to remove what was put when the run was interrupted. */
const tidyMs = 300;

export interface ProbedRegisters extends RegistersReport {
  readonly location: string;
  readonly kind: string;
  /** The generation that is open, of the repository's registers. */
  readonly generation?: number;
}

export interface RegistersOfPlace {
  /** True when the repository there says that its registers live elsewhere; undefined when there is no repository. */
  readonly areElsewhere: boolean | undefined;
  /** What was found where the user says that they are. */
  readonly probed: ProbedRegisters | undefined;
}

/** Without a passphrase. Registers that do not answer are a finding, not an error. */
export async function probeRegistersOf(site: Site, options: Omit<Probing, "form">): Promise<RegistersOfPlace> {
  const { readAnnounced } = await import("@bcat/repository");
  const announced = options.isThere ? await readAnnounced(site.storage) : undefined;
  const areElsewhere = options.isThere ? announced !== undefined : undefined;
  const { registers } = site;
  if (registers === undefined) return { areElsewhere, probed: undefined };
  const { kind, location } = registers;
  try {
    return {
      areElsewhere,
      probed: { kind, location, ...(await probe(site, announced, { ...options, form: "full" })) },
    };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const findings: ProbeFinding[] = [{ check: "answer", verdict: "bad", found: error.message }];
    return { areElsewhere, probed: { kind, location, findings, keepsWritersApart: false, left: 0 } };
  }
}

/**
 * Looks at a place for registers before a repository is made whose writers they are to keep apart. A folder is taken as
 * it is, as one of a repository is, and a database for what it says.
 *
 * @throws {BcatError} with code "conditions-not-met"; StorageError when the place does not answer well enough to tell
 */
export async function refuseUnfitRegisters(site: Site, signal: AbortSignal): Promise<void> {
  const { registersPlace: registers, place, onNotice } = site;
  if (registers === undefined || registers.kind === "folder") return;
  const options = { form: "quick", isThere: false, signal } as const;
  const { findings, keepsWritersApart, left } = await probe(site, undefined, options);
  if (left > 0)
    onNotice(
      `up to ${left} objects below probe/ may be left in ${registers.location}: remove them by hand`,
      "probe-leftovers",
    );
  if (keepsWritersApart) return;
  const bad = findings.filter(({ verdict }) => verdict === "bad").map(({ check, found }) => `${check}: ${found}`);
  throw new BcatError(
    "conditions-not-met",
    `Cannot create a repository in "${place.location}": registers in "${registers.location}" do not keep writers apart (${bad.join("; ")}); name another place for them with --registers`,
  );
}

type Probing = { readonly isThere: boolean; readonly signal: AbortSignal } & Pick<ProbeOptions, "form" | "onCheck">;

async function probe(
  site: Site,
  announced: AnnouncedRegisters | undefined,
  { form, isThere, signal, onCheck = () => {} }: Probing,
): Promise<RegistersReport & Pick<ProbedRegisters, "generation">> {
  onCheck("answer");
  const { finding: answer, ...state } = await lookAt(site, announced, isThere);
  const id = Buffer.from(random(8)).toString("hex");
  const { createAbortableStorage, probeRegisters } = await import("@bcat/storage");
  const folder = site.registersPlace?.kind === "folder" ? site.registersPlace.path : undefined;
  const missing = folder === undefined ? [] : missingFolders(folder);
  const opened = await unlessAborted(site.openRegistersProbe!(random(idSize), width), signal);
  if (opened.storage === undefined) {
    await closeSoon(opened, signal);
    const found = {
      check: "put-if-absent, many at once",
      verdict: "note",
      found: opened.untried ?? "not tried",
    } as const;
    return { ...state, findings: [answer, found], keepsWritersApart: answer.verdict !== "bad", left: 0 };
  }
  let report: RegistersReport;
  try {
    const world = { form, id, random, now: () => performance.now(), onCheck };
    report = await probeRegisters(createAbortableStorage(opened.storage, signal), world);
  } catch (error) {
    // What ended the probe is to be told, not that then nothing could be removed either.
    await closeSoon(opened, signal).catch(() => {});
    throw error;
  } finally {
    if (folder !== undefined) await removeProbeFolders(folder, id, missing);
  }
  await closeSoon(opened, signal);
  const keepsWritersApart = report.keepsWritersApart && answer.verdict !== "bad";
  return { ...state, ...report, findings: [answer, ...report.findings], keepsWritersApart };
}

/** Whether they answer, and whether they are those that the repository goes on with. */
async function lookAt(site: Site, announced: AnnouncedRegisters | undefined, isThere: boolean) {
  await using table = await site.registers!.open(announced?.id ?? random(idSize));
  const state = await table.state();
  const finding = (verdict: ProbeFinding["verdict"], found: string) => ({ check: "answer", verdict, found }) as const;
  if (announced === undefined) {
    const found = isThere ? "yes; but the repository has its registers itself, and uses none here" : "yes";
    return { finding: finding(isThere ? "note" : "good", found) };
  }
  const fault = faultOf(state, announced);
  if (fault !== undefined) return { finding: finding("bad", fault) };
  const { generation } = state!;
  return { finding: finding("good", `generation ${generation} is open`), generation };
}

function faultOf(state: TableState | undefined, { generation }: AnnouncedRegisters): string | undefined {
  const wayOn = "bcat repair registers makes them anew";
  if (state === undefined) return `those of the repository are not there: lost, or in another place; ${wayOn}`;
  if (!state.isOpen) return "closed by a bcat repair registers, which runs or did not finish";
  if (state.generation >= generation) return undefined;
  return `generation ${state.generation} is open, and the repository has announced ${generation}: gone back in time; ${wayOn}`;
}

/** Rejects when the signal is aborted, whatever becomes of `call`. */
async function unlessAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise((resolve, reject) => {
    const abort = () => reject(interruption(signal));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    call.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Removes what was put; a server that does not answer does not hold up the end of an interrupted program. */
async function closeSoon(opened: AsyncDisposable, signal: AbortSignal): Promise<void> {
  const closed = Promise.resolve(opened[Symbol.asyncDispose]());
  if (!signal.aborted) return await closed;
  await Promise.race([closed.catch(() => {}), new Promise((resolve) => setTimeout(resolve, tidyMs))]);
}
