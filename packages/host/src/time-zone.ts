/** The time zone of the machine, by its name. */
import { readlinkSync } from "node:fs";
import type { Variables } from "./variables.js";

/** Such as `Europe/Berlin`. Asked of the file system where that knows, because `Intl` takes 15 ms to load. */
export function timeZone(variables: Variables): string {
  const linked = (variables.TZ ?? "") === "" ? linkedZone() : undefined;
  return linked ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

function linkedZone(): string | undefined {
  try {
    return zoneOfPath(readlinkSync("/etc/localtime"));
  } catch {
    return undefined;
  }
}

/** The name of a zone out of the path of its file, as tzfile(5) keeps them. */
export function zoneOfPath(path: string): string | undefined {
  return /\/zoneinfo\/(?:posix\/|right\/)?([A-Z][\w+-]*(?:\/[A-Z][\w+-]*)*)$/.exec(path)?.[1];
}
