/** The choice between the two implementations of {@link Gcm}, made once in every thread. */

import { type Gcm, openGcmInto, sealGcmInto } from "./gcm.js";
import { OpenSslGcm } from "./gcm-openssl.js";
import { assertSound } from "./gcm-self-test.js";
import { hkdf } from "./hkdf.js";

/** By `node:crypto` alone. */
export const nodeGcm: Gcm = {
  name: "node",
  sealInto: sealGcmInto,
  openInto: openGcmInto,
  deriveInto(key, salt, info, target) {
    target.set(hkdf(key, salt, info));
  },
};

/**
 * `off`: `node:crypto`; `auto`: OpenSSL directly where that works; `required`: directly or an error.
 *
 * @throws {Error} when the mode is `required` and the functions are not to be had or fail their test.
 */
export function loadGcm(mode: "off" | "auto" | "required"): Gcm {
  if (mode === "off") return nodeGcm;
  try {
    const gcm = new OpenSslGcm();
    assertSound(gcm, nodeGcm);
    return gcm;
  } catch (cause) {
    if (mode === "auto") return nodeGcm;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot load GCM accelerator koffi: ${reason}`, { cause });
  }
}
