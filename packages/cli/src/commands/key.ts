/** `bcat key`: who opens the repository, and with what. */
import type { Command } from "../command.js";
import { addKey } from "../key/add.js";
import { listKeys } from "../key/list.js";
import { changeKey } from "../key/passwd.js";
import { removeKey } from "../key/remove.js";
import { usageError } from "../usage.js";

const actions = { list: listKeys, add: addKey, passwd: changeKey, remove: removeKey } as const;

/** What other programs, and other commands here, call them. */
const meant: Readonly<Record<string, keyof typeof actions>> = {
  "change-passphrase": "passwd",
  change: "passwd",
  delete: "remove",
  forget: "remove",
  ls: "list",
  password: "passwd",
  rm: "remove",
};

function adviceOn(name: string): string {
  return Object.hasOwn(meant, name) ? `did you mean bcat key ${meant[name]}?` : "say list, add, passwd or remove";
}

export const key: Command = {
  name: "key",
  summary: "passphrases and key files that open the repository",
  operands: [
    { name: "action", count: "one", shown: "list|add|passwd|remove" },
    { name: "number", count: "optional" },
  ],
  flags: {
    "new-password-file": {
      kind: "text",
      value: "FILE",
      bytes: true,
      description: "add, passwd: file that holds the new passphrase",
    },
    "new-password-command": {
      kind: "text",
      value: "COMMAND",
      description: "add, passwd: shell command that prints the new passphrase",
    },
    "new-key-file": { kind: "text", value: "FILE", bytes: true, description: "add, passwd: file that is the new key" },
    user: { kind: "text", value: "NAME", description: "add, passwd: whose the key is (default: this user)" },
    host: {
      kind: "text",
      value: "NAME",
      short: "H",
      description: "add, passwd: where it is used (default: this host)",
    },
    "work-factor": {
      kind: "text",
      value: "N",
      description:
        "add, passwd: how hard the passphrase is to try: memory of 2^N KiB, 15 to 20 (default: 15; each more doubles time and memory)",
    },
  },
  examples: [
    ["key list", "which there are; * is the one that has opened the repository now"],
    ["key add --user backup-server", "another passphrase, asked for twice; the old ones stay"],
    ["key add --new-key-file ~/.bcat-key", "a key file besides"],
    ["key passwd", "a new passphrase in the place of the one that you give"],
    ["key remove 2", "key 2, which opens nothing from then on"],
  ],
  notes: [
    "BCAT_NEW_PASSWORD is the new passphrase, too. At most 20 keys. The one that has opened the repository is never",
    "removed, so that one always stays. Who had a key may have kept what it opens: where somebody must not read what",
    "comes, make a new repository and bcat copy into it.",
  ],
  interrupted: "interrupted; bcat key list shows which keys there are",
  async run(context) {
    const [name = "", number] = context.operands;
    if (!Object.hasOwn(actions, name)) throw usageError(`Cannot use "${name}": ${adviceOn(name)}`);
    if (number !== undefined && name !== "remove")
      throw usageError(`Cannot use "${number}": only bcat key remove takes the number of a key`);
    return await actions[name as keyof typeof actions](context);
  },
};
