/** The pages of docs/ as a site; what they say is the same without it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";

const docs = join(import.meta.dirname, "..");
const titleOf = (path) => /^# (?:\d+\. )?(.+)$/m.exec(readFileSync(join(docs, path), "utf8"))[1];
const page = (name, text = titleOf(`${name}.md`)) => ({ text, link: `/${name}` });

const decisions = readdirSync(join(docs, "decisions"))
  .filter((name) => name.endsWith(".md"))
  .sort()
  .map((name) =>
    page(`decisions/${name.slice(0, -3)}`, `${Number(name.slice(0, 4))}. ${titleOf(`decisions/${name}`)}`),
  );

export default defineConfig({
  title: "bcat",
  description: "Deduplicating, encrypted backups in numbered snapshots",
  cleanUrls: true,
  rewrites: { "guide.md": "index.md" },
  markdown: { config: (markdown) => nameSource(markdown) },
  themeConfig: {
    outline: [2, 3],
    search: { provider: "local" },
    sidebar: [
      {
        text: "Using it",
        items: ["guide", "places", "replicas", "from-restic", "from-borg", "library"].map((name) => page(name)),
      },
      {
        text: "How it works",
        items: ["architecture", "format", "threat-model", "fidelity", "simulation"].map((name) => page(name)),
      },
      { text: "Decisions", collapsed: true, items: decisions },
    ],
  },
});

/** Files of the source are no pages: what links to them is text that names them. */
function nameSource(markdown) {
  markdown.core.ruler.push("name-source", ({ tokens }) => {
    let named = false;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type === "link_open") named = /^(\.\.\/)+(packages|test|bench)\//.test(token.attrGet("href") ?? "");
      if (!named || !token.type.startsWith("link_")) continue;
      token.tag = "span";
      if (token.type === "link_open") token.attrs = [["title", token.attrGet("href").replace(/^(\.\.\/)+/, "")]];
    }
  });
}
