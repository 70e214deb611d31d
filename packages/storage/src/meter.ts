/** Counts what is asked of a storage. */

/** `registers`: all requests to the place of registers that live elsewhere, such as statements of a database. */
export const requestKinds = ["get", "put", "putIfAbsent", "list", "delete", "registers"] as const;

export type RequestKind = (typeof requestKinds)[number];

/** What those take who make requests. */
export type RequestCounter = Pick<Meter, "count" | "sent" | "received" | "retried">;

/** Counts in `meter`, and every request as of this kind. */
export function countingAs(meter: RequestCounter, kind: RequestKind): RequestCounter {
  return {
    count: () => meter.count(kind),
    sent: (bytes) => meter.sent(bytes),
    received: (bytes) => meter.received(bytes),
    retried: () => meter.retried(),
  };
}

export class Meter {
  readonly #requests = Object.fromEntries(requestKinds.map((kind) => [kind, 0])) as Record<RequestKind, number>;
  #bytesSent = 0;
  #bytesReceived = 0;
  #retries = 0;

  /** Requests by kind, those that failed and those that were made again among them. */
  get requests(): Readonly<Record<RequestKind, number>> {
    return this.#requests;
  }

  get total(): number {
    return requestKinds.reduce((sum, kind) => sum + this.#requests[kind], 0);
  }

  /** Of objects and registers; what the protocol adds is not counted. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  /** How many of the requests were made again because an earlier one had failed. */
  get retries(): number {
    return this.#retries;
  }

  /**
   * Counts a request. For the metering decorator, which takes a call for one request, and for storages that need more:
   * they count those beyond the first, such as further pages of a listing.
   */
  count(kind: RequestKind): void {
    this.#requests[kind]++;
  }

  sent(bytes: number): void {
    this.#bytesSent += bytes;
  }

  received(bytes: number): void {
    this.#bytesReceived += bytes;
  }

  retried(): void {
    this.#retries++;
  }
}
