/** Where registers are that live elsewhere than their repository: what its config says, and how they are reached. */
import { BcatError } from "@bcat/errors";
import type { RegistersKind, RegisterTable } from "@bcat/storage";

/** Which registers belong to a repository, for good: not where they are, which may change. */
export interface RegistersReference {
  readonly kind: RegistersKind;
  /** 16 random bytes. */
  readonly id: Uint8Array;
}

/** The place of registers that the user has named. */
export interface RegistersSource {
  readonly kind: RegistersKind;
  /** For messages; it holds no secrets. */
  readonly location: string;
  /** The table there of the registers `id`, which may not exist. */
  open(id: Uint8Array): Promise<RegisterTable>;
}

const words: Readonly<Record<RegistersKind, string>> = {
  postgres: "in PostgreSQL (--registers postgres://…)",
  storage: "in another folder or bucket (--registers DIR)",
};

/** The error for one who would write to a repository and has not said where its registers are. */
export function registersNeeded({ kind }: RegistersReference, location: string): BcatError {
  const found = `its registers are ${words[kind]}, and that place was not named`;
  return new BcatError("usage", `Cannot write to the repository in "${location}": ${found}`);
}

/**
 * Compares what the config says with what the user has named, if anything.
 *
 * @throws {BcatError} usage
 */
export function checkSource(
  reference: RegistersReference | undefined,
  source: RegistersSource | undefined,
  location: string,
): void {
  if (source === undefined || reference?.kind === source.kind) return;
  const found =
    reference === undefined
      ? "it has its registers itself; leave out --registers, or unset BCAT_REGISTERS"
      : `its registers are ${words[reference.kind]}`;
  throw new BcatError(
    "usage",
    `Cannot use the repository in "${location}" with registers in "${source.location}": ${found}`,
  );
}
