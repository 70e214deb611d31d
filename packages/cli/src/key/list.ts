/** `bcat key list`. */
import type { DescribedKeySlot } from "@bcat/repository";
import type { Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { formatLocalTime, formatTimeMs } from "../format.js";
import { quoteText } from "../quote.js";
import { foldWords, type ScreenColumn, type ScreenRow, screenTable } from "../screen-table.js";
import { openedByKey } from "./opened.js";

/** A key slot, and what is known beyond. */
interface ListedKey extends DescribedKeySlot {
  readonly isCurrent: boolean;
  /** ms since 1970; undefined where nobody has noted it. */
  readonly created: number | undefined;
}

export async function listKeys(context: Context): Promise<number> {
  const { output } = context;
  await using opened = await openedByKey(context);
  const { describeKeySlots } = await import("@bcat/repository");
  const { repository, slot: current } = opened;
  await repository.refresh();
  const keys = (await describeKeySlots(repository)).map((slot) => ({
    ...slot,
    isCurrent: slot.number === current.number,
    // The first one was made with the repository.
    created: slot.addition?.time ?? (slot.number === 1 ? repository.config.created : undefined),
  }));
  if (output.json) output.print(JSON.stringify(keys.map(fieldsOf)));
  else for (const line of screenTable({ columns, last: "", rows: keys.map(rowOf) }, output.columns)) output.print(line);
  return exitCodes.done;
}

const columns: readonly ScreenColumn[] = [
  { head: "" },
  { head: "#", isRight: true },
  { head: "id", spare: 1 },
  { head: "opens with" },
  { head: "user", spare: 3 },
  { head: "host", spare: 2 },
  { head: "added", spare: 4 },
];

function rowOf(key: ListedKey): ScreenRow {
  const { number, isCurrent, created, addition } = key;
  const remark = quoteText(remarkOf(key) ?? "");
  const cells = [
    isCurrent ? "*" : "",
    String(number),
    idOf(key),
    describeSecret(key),
    quoteText(addition?.owner.user ?? ""),
    quoteText(addition?.owner.host ?? ""),
    created === undefined ? "" : formatLocalTime(created),
  ];
  return { cells, last: (width) => foldWords(remark, width) };
}

function idOf({ id }: ListedKey): string {
  return Buffer.from(id).toString("hex").slice(0, 8);
}

function describeSecret({ secret }: ListedKey): string {
  if (secret === undefined) return "?";
  if (secret.kind === "key-file") return "key file";
  const { log2N, parallelism } = secret.cost;
  return `passphrase, scrypt ${2 ** (log2N - 10)} MiB${parallelism === 1 ? "" : ` x ${parallelism}`}`;
}

function remarkOf({ number, problem, isRemoved }: ListedKey): string | undefined {
  return problem ?? (isRemoved ? `removed, and still there: bcat key remove ${number} finishes that` : undefined);
}

/** With restic's names, and more. */
function fieldsOf(key: ListedKey): object {
  const { number, isCurrent, created, addition, secret } = key;
  const remark = remarkOf(key);
  return {
    current: isCurrent,
    id: idOf(key),
    number,
    userName: addition?.owner.user ?? "",
    hostName: addition?.owner.host ?? "",
    created: created === undefined ? null : formatTimeMs(created),
    kind: secret?.kind ?? null,
    ...(secret?.kind === "passphrase" && { work_factor: secret.cost.log2N, parallelism: secret.cost.parallelism }),
    ...(remark !== undefined && { problem: remark }),
  };
}
