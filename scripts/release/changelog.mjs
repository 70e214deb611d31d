/** CHANGELOG.md: a section for each version, the newest first, and at the top the one that is not released. */

const unreleased = /^## (\d+\.\d+\.\d+) \(unreleased\)$/m;

/** The changelog with its top section released. @throws Error when there is none that is unreleased, or it is empty */
export function withDate(changelog, { version, date }) {
  if (!unreleased.test(changelog)) throw new Error("CHANGELOG.md has no section that is unreleased");
  const dated = changelog.replace(unreleased, `## ${version} (${date})`);
  if (notesOf(dated, version).trim() === "") throw new Error(`CHANGELOG.md says nothing of ${version}`);
  return dated;
}

/** The text of a version's section, without its head. */
export function notesOf(changelog, version) {
  const sections = changelog.split(/^(?=## )/m);
  const section = sections.find((text) => text.startsWith(`## ${version} (`));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section ${version}`);
  return `${section.slice(section.indexOf("\n") + 1).trim()}\n`;
}
