/** Whether the bytes that a copy of a register brings are all of it, and were sealed for it. */
import { ObjectType, openObject, readRepositoryId } from "@bcat/crypto";
import { CorruptError, isBcatError } from "@bcat/errors";
import { createContext } from "../assemble.js";
import type { Environment } from "../environment.js";
import type { Sequence } from "../registers.js";

/** @param name of the register, such as `sessions/0000000012` */
export type RegisterCheck = (name: string, bytes: Uint8Array) => boolean;

const TYPES = { sessions: ObjectType.SESSION, log: ObjectType.LOG, outcomes: ObjectType.OUTCOME } as const;

/** @param config the object of this name */
export function createRegisterCheck(config: Uint8Array, rootKey: Uint8Array, environment: Environment): RegisterCheck {
  const { keys } = createContext(rootKey, readRepositoryId(config), environment);
  return (name, bytes) => {
    const sequence = name.slice(0, name.indexOf("/")) as Sequence;
    try {
      openObject(keys, { type: TYPES[sequence], name }, bytes);
      return true;
    } catch (error) {
      if (error instanceof CorruptError) return false;
      // What a newer format wrote is for those to judge who know it.
      if (isBcatError(error, "newer-format")) return true;
      throw error;
    }
  };
}
