/** How an object that lies in an archive is asked back: S3 Glacier and services like it. */
import { objectPlaceholder } from "@bcat/errors";

export interface Bucket {
  readonly bucket: string;
  /** "" or without a slash at its end. */
  readonly prefix: string;
  /** Of a server that is not AWS. */
  readonly endpoint?: string | undefined;
}

/** Days that a thawed copy stays: as long as reading all of a large repository may take. */
const daysThawed = 7;

/** A command of the AWS CLI, for a shell. */
export function thawCommand({ bucket, prefix, endpoint }: Bucket): string {
  const key = prefix === "" ? objectPlaceholder : `${prefix}/${objectPlaceholder}`;
  const server = endpoint === undefined ? "" : ` --endpoint-url ${quote(endpoint)}`;
  const object = `--bucket ${quote(bucket)} --key ${quote(key)}`;
  return `aws s3api restore-object${server} ${object} --restore-request Days=${daysThawed}`;
}

function quote(word: string): string {
  return /^[\w.,:/@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
