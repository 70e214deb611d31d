/** The licences of all that the program is made of beside its own sources, as they have to go with it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { packageFolder } from "./vendor.mjs";

const rule = "-".repeat(78);

/**
 * @param metafile of esbuild
 * @param more names of packages that are there besides
 * @throws Error for a package that does not say under which licence it is
 */
export function notices({ inputs }, more) {
  const folders = new Set(more.map(packageFolder));
  for (const path of Object.keys(inputs)) {
    const folder = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    if (folder !== undefined) folders.add(resolve(folder));
  }
  const titles = new Map();
  for (const { title, text } of [...folders].map(licenceOf)) titles.set(text, [...(titles.get(text) ?? []), title]);
  const parts = [...titles].map(([text, of]) => [rule, ...of.sort(), rule, "", text, ""].join("\n"));
  return `bcat is made with the following packages.\n\n${parts.sort().join("\n")}`;
}

function licenceOf(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (typeof license !== "string") throw new Error(`${name} ${version} does not say its licence`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
  const by = typeof author === "string" ? author : author?.name;
  return {
    title: `${name} ${version}: ${license}${by === undefined ? "" : `, by ${by}`}`,
    text: texts.length === 0 ? "(The package has no text of its licence.)" : texts.join("\n\n"),
  };
}
