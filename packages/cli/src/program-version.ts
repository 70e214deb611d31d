/** The version of bcat, from the package's own description. */
import { readFileSync } from "node:fs";

/** Such as `0.1.0`. */
export function programVersion(): string {
  const description: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  if (typeof description === "object" && description !== null && "version" in description)
    return String(description.version);
  throw new Error("Cannot read the version of bcat: package.json has none");
}
