/** What must never be. */
export type ViolationKind =
  | "data-lost"
  | "wrong-bytes"
  | "value-changed"
  | "key-used-twice"
  | "register-removed"
  | "register-lost"
  | "committed-twice"
  | "not-dense"
  | "out-of-order"
  | "restored-wrong"
  | "commit-lost"
  | "unexpected-error"
  | "false-alarm"
  | "standstill"
  | "endless"
  | "not-freed";

export class Violation extends Error {
  readonly kind: ViolationKind;

  constructor(kind: ViolationKind, message: string, options?: ErrorOptions) {
    super(`${kind}: ${message}`, options);
    this.name = "Violation";
    this.kind = kind;
  }
}
