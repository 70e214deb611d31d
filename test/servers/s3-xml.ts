/** What an S3 server says, in the XML of the Amazon S3 API reference. */

export class S3Fault extends Error {
  readonly status: number;
  readonly code: string;
  /** Elements and headers beside the usual ones. */
  readonly more: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message = "The server said so",
    { more = {}, headers = {} }: { more?: Record<string, string>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
    this.headers = headers;
  }
}

export function errorXml({ code, message, more }: S3Fault): string {
  const elements = Object.entries({ Code: code, Message: message, ...more, RequestId: "1" });
  return `${declaration}<Error>${elements.map(([name, text]) => element(name, text)).join("")}</Error>`;
}

export interface ListingPage {
  readonly bucket: string;
  readonly prefix: string;
  readonly objects: readonly { readonly key: string; readonly size: number; readonly storageClass: string }[];
  readonly isTruncated: boolean;
  readonly nextToken?: string | undefined;
}

export function listingXml({ bucket, prefix, objects, isTruncated, nextToken }: ListingPage): string {
  const contents = objects.map(({ key, size, storageClass }) => {
    const sizes = element("Size", String(size)) + element("ETag", '"0"');
    const fields = element("Key", key) + sizes + element("StorageClass", storageClass);
    return `<Contents>${fields}<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>`;
  });
  const next = nextToken === undefined ? "" : element("NextContinuationToken", nextToken);
  const head = element("Name", bucket) + element("Prefix", prefix) + element("IsTruncated", String(isTruncated));
  return `${declaration}<ListBucketResult>${head}${next}${contents.join("")}</ListBucketResult>`;
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

function element(name: string, text: string): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<${name}>${escaped}</${name}>`;
}
