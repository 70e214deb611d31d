/**
 * From a chunk of esbuild, an ES module, to the body of a function that a part of the program has in its place: `need`
 * gives what another chunk exports, `later` promises it. Names are bound once, when the function is run: esbuild's chunks
 * have no cycles, and no module of ours exports what is assigned later (past-indexes.mjs).
 *
 * Lines stay lines, and what is left of them stays where it is, so that the source map of the chunk is that of the body.
 */
const importStatement = /(?<![^;}\s])import\s*(?:(?:([\w$]+)|\*\s*as\s+([\w$]+)|\{([^}]*)\})\s*from\s*)?"([^"]+)"\s*;/g;
const exportStatement = /export\s*\{([^}]*)\}\s*;\s*$/;
const dynamicImport = /\bimport\(\s*"([^"]+)"\s*\)/g;

/**
 * @param text of the chunk
 * @param {{imports: number, isForeign: boolean, callOf: (path: string) => string | undefined}} options how many statements
 * import something, whether there are modules of others, and the arguments of `need` for what another chunk is called,
 * undefined for what is none
 * @returns `{head, body}`: what stands before the first line of the body, and that
 */
export function toLoadable(text, { imports, isForeign, callOf }) {
  const statements = [...text.matchAll(importStatement)];
  if (statements.length !== imports) throw new Error(`A chunk has ${imports} imports, ${statements.length} were found`);
  const head = statements.map(([, ...parts]) => binding(parts, callOf)).join("");
  const [statement, names] = exportStatement.exec(text) ?? ["", ""];
  const code = text.slice(0, text.length - statement.length).replace(importStatement, blank);
  if (isForeign) refuseAssigned(code, names);
  const exported = pairs(names).map(([own, name]) => `${name}:${own}`);
  const body = code.replace(dynamicImport, (_all, path) => later(path, callOf));
  return { head, body: `${body}\nreturn{${exported.join(",")}};` };
}

function binding([whole, namespace, names, path], callOf) {
  const call = callOf(path);
  if (call !== undefined && (whole ?? namespace) !== undefined) throw new Error(`A chunk is imported whole: ${path}`);
  const value = call === undefined ? `require("${path}")` : `need(${call})`;
  const bound = whole ?? namespace ?? (names === undefined ? undefined : `{${pattern(names)}}`);
  // Not const: V8 would look at each use from within a function whether it has its value yet.
  return bound === undefined ? `${value};` : `var ${bound}=${value};`;
}

function pattern(names) {
  return pairs(names)
    .map(([name, own]) => (name === own ? name : `${name}:${own}`))
    .join(",");
}

function pairs(names) {
  const all = names.split(",").map((one) => one.trim());
  return all
    .filter((one) => one !== "")
    .map((one) => one.split(/\s+as\s+/))
    .map(([name, own = name]) => [name, own]);
}

function later(path, callOf) {
  const call = callOf(path);
  return call === undefined ? `Promise.resolve().then(()=>require("${path}"))` : `later(${call})`;
}

/** Line breaks stay, all else becomes spaces. */
function blank(text) {
  return text.replace(/[^\n]/g, " ");
}

/** @throws Error for an exported variable that has, by the looks of it, more than its first value */
function refuseAssigned(code, names) {
  for (const [own] of pairs(names)) {
    const name = own.replaceAll("$", "\\$");
    if (new RegExp(`\\b(function\\*?|class) ${name}\\b`).test(code)) continue;
    const assignment = `(?<![\\w$.])${name}(=(?![=>])|\\+\\+|--|[-+*/|&?^%<>]+=(?!=))|(\\+\\+|--)${name}\\b`;
    if ([...code.matchAll(new RegExp(assignment, "g"))].length > 1)
      throw new Error(`A chunk exports ${own}, which changes`);
  }
}
