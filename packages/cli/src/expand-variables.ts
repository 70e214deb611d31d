/**
 * Environment variables in exclude files, as restic expands them (Go's `os.Expand`): `$NAME`, `${NAME}`; `$$` is a `$`.
 * A `$` that nothing of the kind follows is one. What is not set counts as nothing.
 */
import type { Variables } from "@bcat/host";

export interface Expanded {
  readonly text: string;
  /** Names of those that are not set. */
  readonly unset: readonly string[];
}

export function expandVariables(text: string, variables: Variables): Expanded {
  const unset: string[] = [];
  const expanded = text.replaceAll(/\$(?:\$|([A-Za-z_]\w*|[0-9*#@!?-])|\{([^}]*)\}?)/g, (whole, plain, braced) => {
    if (whole === "$$") return "$";
    const name: string = plain ?? braced;
    if (name === "$") return "$";
    const value = name === "" ? undefined : variables[name];
    if (value === undefined) unset.push(name);
    return value ?? "";
  });
  return { text: expanded, unset };
}
