/** What was asked of the storage, for people and for programs. */
import { type Meter, type RequestKind, requestKinds } from "@bcat/host";
import { formatBytes, formatCount, formatItems } from "./format.js";
import type { Output } from "./output.js";

const kindFields: Readonly<Record<RequestKind, string>> = {
  get: "get",
  put: "put",
  putIfAbsent: "put_if_absent",
  list: "list",
  delete: "delete",
  registers: "registers",
};

/** The field `requests` of a summary. */
export function requestsField({ requests, bytesSent, bytesReceived, retries }: Meter): { readonly requests: object } {
  const counts = Object.fromEntries(requestKinds.map((kind) => [kindFields[kind], requests[kind]]));
  return { requests: { ...counts, retries, bytes_sent: bytesSent, bytes_received: bytesReceived } };
}

/** `5 requests (3 get, 2 put-if-absent), 1.20 KiB sent, 3.40 KiB received, no retries` */
export function requestsLine({ requests, total, bytesSent, bytesReceived, retries }: Meter): string {
  const counts = requestKinds
    .filter((kind) => requests[kind] > 0)
    .map((kind) => `${formatCount(requests[kind])} ${kindFields[kind].replaceAll("_", "-")}`);
  const kinds = counts.length === 0 ? "" : ` (${counts.join(", ")})`;
  const again = retries === 0 ? "no retries" : formatItems(retries, "retry", "retries");
  const bytes = `${formatBytes(bytesSent)} sent, ${formatBytes(bytesReceived)} received`;
  return `${formatItems(total, "request")}${kinds}, ${bytes}, ${again}`;
}

/** On stderr: the output of some commands has a shape of its own. */
export function printRequests(meter: Meter, output: Output): void {
  if (meter.total === 0) return;
  output.note(
    output.json ? JSON.stringify({ message_type: "requests", ...requestsField(meter) }) : requestsLine(meter),
  );
}
