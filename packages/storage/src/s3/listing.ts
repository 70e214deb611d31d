/** Pages of a listing, in either version of the request. */
import type { _Object } from "@aws-sdk/client-s3";

import { AnswerError } from "./body.js";
import type { Connection } from "./connection.js";
import { chargedUntil } from "./minimum-duration.js";

export interface ListingOptions {
  readonly bucket: string;
  /** Of keys. */
  readonly prefix: string;
  readonly version: 1 | 2;
}

interface Page {
  readonly objects: readonly Pick<_Object, "Key" | "Size" | "LastModified" | "StorageClass">[];
  /** Where the next one begins; undefined after the last. */
  readonly next: string | undefined;
}

export interface ListedKey {
  readonly key: string;
  readonly size: number;
  /** As ListedObject has it. */
  readonly chargedUntil?: number;
}

/** All objects. A page may be empty; one that leads back to itself is an error. */
export async function* listKeys(
  connection: Connection,
  { bucket, prefix, version }: ListingOptions,
): AsyncGenerator<ListedKey> {
  const readPage = version === 1 ? readFirst : readSecond;
  let from: string | undefined;
  do {
    if (from !== undefined) connection.count("list");
    const page = await readPage(connection, { bucket, prefix, from });
    for (const { Key: key, Size: size, StorageClass, LastModified } of page.objects) {
      const charged = chargedUntil(StorageClass, LastModified?.getTime());
      if (key !== undefined) yield { key, size: size ?? 0, ...(charged !== undefined && { chargedUntil: charged }) };
    }
    if (page.next !== undefined && page.next === from) throw new AnswerError("the listing does not get on");
    from = page.next;
  } while (from !== undefined);
}

interface PageRequest {
  readonly bucket: string;
  readonly prefix: string;
  readonly from: string | undefined;
}

async function readSecond(connection: Connection, { bucket, prefix, from }: PageRequest): Promise<Page> {
  const input = { Bucket: bucket, Prefix: prefix, ...(from !== undefined && { ContinuationToken: from }) };
  const page = await connection.run("list", (client, sdk) => client.send(new sdk.ListObjectsV2Command(input)));
  if (page.IsTruncated !== true) return { objects: page.Contents ?? [], next: undefined };
  if (page.NextContinuationToken === undefined) throw new AnswerError("the listing goes on, but not from where");
  return { objects: page.Contents ?? [], next: page.NextContinuationToken };
}

async function readFirst(connection: Connection, { bucket, prefix, from }: PageRequest): Promise<Page> {
  const input = { Bucket: bucket, Prefix: prefix, ...(from !== undefined && { Marker: from }) };
  const page = await connection.run("list", (client, sdk) => client.send(new sdk.ListObjectsCommand(input)));
  const objects = page.Contents ?? [];
  if (page.IsTruncated !== true) return { objects, next: undefined };
  const next = page.NextMarker ?? objects.at(-1)?.Key;
  if (next === undefined) throw new AnswerError("the listing goes on, but not from where");
  return { objects, next };
}
