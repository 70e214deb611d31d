/** Answers of HTTP that are no success, in words, and which of them change by themselves. */
import { WireFault } from "./network-error.js";

const words: Readonly<Record<number, string>> = {
  401: "it wants a name and a password, or others",
  403: "it gives no permission",
  405: "it does not do that",
  407: "a proxy wants a name and a password, or others",
  408: "it waited too long for the request",
  413: "it takes nothing that large",
  429: "it was asked too often",
  500: "it failed",
  501: "it cannot do that",
  502: "what it asks itself failed",
  503: "it is not there now",
  504: "what it asks itself does not answer",
  507: "it has no space left",
};

/** Worth another try: the others are as they are until somebody changes something. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504, 509, 520, 521, 522, 523, 524, 529]);

/** The fault that a status is; `detail` is what the answer says, in the same line. */
export function statusFault(status: number, detail?: string): WireFault {
  const said = words[status] ?? (status >= 300 && status <= 399 ? "it sends elsewhere" : "it answers so");
  const more = detail === undefined || detail === "" ? "" : `: ${detail}`;
  return new WireFault(`${said} (status ${status})${more}`, { isFinal: !passing.has(status) });
}
