/** The environment variables of the process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The value of the first that is set and not empty: what containers hand on of what nobody has set is empty. */
export function firstOf(variables: Variables, ...names: readonly string[]): string | undefined {
  return names.map((name) => variables[name]).find((value) => value !== undefined && value !== "");
}
