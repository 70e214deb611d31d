/** The flags of buckets, and restic's `-o s3.…` for the same. */
import type { PlaceOptions, S3Choice } from "@bcat/host";
import type { Flags, Options } from "./options.js";
import { quoteText } from "./quote.js";
import { optionAnswers } from "./restic/answers.js";
import { usageError } from "./usage.js";

/** More would not make anything faster, and costs memory for each pack on its way. */
const connectionsMax = 64;

export const s3Flags: Flags = {
  "s3-anonymous": { kind: "switch", description: "sign nothing: for buckets that anybody may read" },
  "s3-connections": {
    kind: "text",
    value: "N",
    description: `connections to the server at once, 1 to ${connectionsMax} (default: 8)`,
  },
  "s3-endpoint": {
    kind: "text",
    value: "URL",
    description: "server of an s3://bucket, https://host:port (default: AWS)",
  },
  "s3-path-style": {
    kind: "text",
    value: "STYLE",
    choices: ["auto", "path", "host"],
    description: "where the bucket stands in addresses: host or path; auto: host for AWS, else path (default: auto)",
  },
  "s3-profile": { kind: "text", description: "profile of ~/.aws with the keys and the region" },
  "s3-region": { kind: "text", description: "region of the bucket (default: $AWS_REGION, the profile's, us-east-1)" },
  "s3-storage-class": { kind: "text", description: "storage class of the packs that hold contents of files" },
  option: {
    kind: "list",
    value: "NAME=VALUE",
    short: "o",
    description: "as restic has it: s3.connections=16, s3.bucket-lookup=path, …",
  },
};

type Reader = (value: string, source: string) => PlaceOptions;

/** What restic's names stand for. */
const extended: Readonly<Record<string, Reader>> = {
  "s3.bucket-lookup": (value, source) => ({
    s3: { pathStyle: oneOf(value, source, { auto: "auto", dns: "host", path: "path" } as const) },
  }),
  "s3.connections": (value, source) => ({ s3: { connections: count(value, source) } }),
  "s3.list-objects-v1": (value, source) => ({ s3: { listVersion: isTrue(value, source) ? 1 : 2 } }),
  "s3.region": (value) => ({ s3: { region: value } }),
  // How often is for --retry-for to say, in time; never is never.
  "s3.retries": (value, source) => (number(value, source, 0, 1_000_000) === 0 ? { retryForMs: 0 } : {}),
  "s3.storage-class": (value) => ({ s3: { storageClass: value } }),
  "s3.unsafe-anonymous-auth": (value, source) => ({ s3: { anonymous: isTrue(value, source) } }),
};

/** Names of `--option`. */
export const extendedOptions: readonly string[] = Object.keys(extended);

/** @throws {BcatError} with code "usage" */
export function s3Options(options: Options): PlaceOptions {
  const flags = flagged(options);
  let s3: S3Choice = flags;
  let rest: Omit<PlaceOptions, "s3"> = {};
  const seen = new Set(Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [name])));
  for (const word of options.list("option")) {
    const { s3: found = {}, ...others } = readExtended(word);
    for (const name of Object.keys({ ...found, ...others })) {
      if (seen.has(name)) throw usageError(`Cannot use --option ${quoteText(word)}: it is given twice`);
      seen.add(name);
    }
    s3 = { ...s3, ...found };
    rest = { ...rest, ...others };
  }
  return { s3, ...rest };
}

function flagged(options: Options): S3Choice {
  const connections = options.text("s3-connections");
  return {
    endpoint: options.text("s3-endpoint"),
    region: options.text("s3-region"),
    profile: options.text("s3-profile"),
    storageClass: options.text("s3-storage-class"),
    connections: connections === undefined ? undefined : count(connections, "--s3-connections"),
    anonymous: options.switch("s3-anonymous") || undefined,
    pathStyle: options.text("s3-path-style") as S3Choice["pathStyle"],
  };
}

function readExtended(word: string): PlaceOptions {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word : word.slice(0, equals);
  const value = equals < 0 ? "" : word.slice(equals + 1);
  const read = Object.hasOwn(extended, name) ? extended[name] : undefined;
  if (read === undefined) throw usageError(`Cannot use --option ${quoteText(name)}: ${answerTo(name)}`);
  if (value === "") throw usageError(`Cannot use --option ${quoteText(name)}: write ${name}=…`);
  return read(value, `--option ${name}`);
}

function count(value: string, source: string): number {
  return number(value, source, 1, connectionsMax);
}

function number(value: string, source: string, min: number, max: number): number {
  const found = /^\d{1,7}$/.test(value) ? Number(value) : Number.NaN;
  if (found >= min && found <= max) return found;
  throw usageError(`Cannot use ${source} ${quoteText(value)}: give a number from ${min} to ${max}`);
}

function isTrue(value: string, source: string): boolean {
  return oneOf(value, source, { true: true, false: false, 1: true, 0: false });
}

function oneOf<Value>(value: string, source: string, values: Readonly<Record<string, Value>>): Value {
  if (Object.hasOwn(values, value)) return values[value] as Value;
  throw usageError(`Cannot use ${source} ${quoteText(value)}: it is not one of ${Object.keys(values).join(", ")}`);
}

/** What to say to a name that is none, or one of restic's that nobody needs here. */
function answerTo(name: string): string {
  const answer = Object.hasOwn(optionAnswers, name) ? optionAnswers[name] : undefined;
  return answer ?? `known are ${Object.keys(extended).join(", ")}`;
}
