/**
 * What bcat says to restic's words that it has not: what they are called here, or why nobody needs them. Words that bcat
 * has need no answer, and one that is here is not asked for.
 */

export interface Harmless {
  readonly kind: "switch" | "text";
  /** After "it does nothing: ". */
  readonly why: string;
}

/** Taken, and without effect: what these ask for is so anyway. By name of the flag, for all commands that lack it. */
export const harmlessFlags: Readonly<Record<string, Harmless>> = {
  "no-lock": { kind: "switch", why: "there are no locks" },
  "retry-lock": { kind: "text", why: "there are no locks to wait for" },
  "cleanup-cache": { kind: "switch", why: "what was not used for 90 days goes by itself" },
  "no-extra-verify": { kind: "switch", why: "what is stored is verified while it is made" },
  "stuck-request-timeout": { kind: "text", why: "a request of which nothing is heard is tried again by itself" },
  "with-cache": { kind: "switch", why: "what is checked is read from the repository, whatever the cache has" },
  compression: { kind: "text", why: "nothing is compressed here" },
  compact: { kind: "switch", why: "lists are compact" },
  "group-by": { kind: "text", why: "it is looked up for each source by itself which snapshot has it" },
};

/** What else to know of words that bcat has too. By command, or command and flag; `*` is all commands. */
export const remarks: Readonly<Record<string, string>> = {
  cache: "what was seen of a repository stays, until `--forget-repository`",
  backup: "a parent is looked up for each source by itself",
  cat: "trees, chunks and packs are named by `bcat list`, and written as bytes; there is no `masterkey`, `index`, `lock`",
  forget: "a forgotten snapshot can be brought back by `bcat undelete` until its data are gone",
  init: "`bcat backup --init` makes a repository that is missing, too",
  prune: "one run gives up, the next one deletes; `--now` does both",
  restore: "`bcat restore 12 PATH… TARGET` is shorter",
  snapshots: "snapshots have numbers: `12`, `latest`, `latest~2`",
  "* --limit-upload": "a number alone is KiB a second; `500K`, `1M` and times of day are possible",
  "* --limit-download": "a number alone is KiB a second; `500K`, `1M` and times of day are possible",
  "* --password-file": "it wins over `BCAT_PASSWORD`; `-p -` is standard input",
  "* --repo": "`--repository` is the same",
  "check --read-data-subset": "what was read longest ago comes first",
};

/** By the first word of a command. */
export const commandAnswers: Readonly<Record<string, string>> = {
  features: "there are no features to switch on or off; bcat --help lists all flags",
  generate: "write bcat completion bash, zsh or fish; man bcat is installed with the program",
  migrate: "there is one format, and nothing to migrate",
  mount: "snapshots cannot be mounted; bcat ls, bcat dump and bcat restore give what is in them",
  options: "bcat --help lists all flags; --option takes restic's s3.… names",
  recover:
    "nothing is lost that must be recovered: bcat undelete brings forgotten snapshots back, bcat snapshots --partial lists backups that did not end",
  "self-update": "bcat is updated by what installed it, such as apt or npm",
  unlock: "there are no locks: several backups, restores and a prune may run at the same time",
};

/** By command and flag, or by flag alone. Of `key add` the command is `key`. */
export const flagAnswers: Readonly<Record<string, string>> = {
  "--http-user-agent": "requests name no program, and nobody needs them to",
  "--insecure-no-password": "a repository always has a passphrase or a key file (--key-file)",
  "--insecure-tls": "name the certificate to trust: --cacert FILE",
  "--pack-size": "packs are of 32 MiB in folders, and of 64 MiB elsewhere",
  "--tls-client-cert": "bcat shows no certificate of its own to a server",
  "backup --use-fs-snapshot": "make a snapshot of the file system (LVM, Btrfs, ZFS), and back up what is in it",
  "check --host": "bcat check looks at all snapshots",
  "check --path": "bcat check looks at all snapshots",
  "check --tag": "bcat check looks at all snapshots",
  "--from-insecure-no-password": "a repository always has a passphrase or a key file (--from-key-file)",
  "find --pack": "docs/format.md says how chunks, trees and packs are found",
  "find --show-pack-id": "docs/format.md says how chunks, trees and packs are found",
  "init --repository-version": "there is one version of the format",
  "key --new-insecure-no-password": "a repository always has a passphrase or a key file",
  "ls --ncdu": "write bcat ls --recursive --long --sort size",
  "--repack-cacheable-only": "packs of folders and of contents are apart, and --max-repack-size bounds what is copied",
  "--repack-smaller-than": "packs are copied for what is unused in them, and never for being small",
  "--repack-uncompressed": "everything is compressed when it is stored",
  "prune --unsafe-recover-no-free-space":
    "bcat prune --now works on a full disk; bcat init --reserve keeps room for it",
  "repair --host": "name the snapshots: bcat repair snapshots 3 5",
  "repair --path": "name the snapshots: bcat repair snapshots 3 5",
  "repair --tag": "name the snapshots: bcat repair snapshots 3 5",
  "repair --read-all-packs": "bcat repair index reads the packs that the index does not have",
  "rewrite --include": "say what to leave out: --exclude, where !PATTERN takes back",
  "rewrite --include-file": "say what to leave out: --exclude-file, where !PATTERN takes back",
  "rewrite --iinclude": "say what to leave out: --iexclude, where !PATTERN takes back",
  "rewrite --iinclude-file": "say what to leave out: --iexclude-file, where !PATTERN takes back",
  "rewrite --snapshot-summary": "every snapshot has its summary from the first",
};

/** Names of `--option`. */
export const optionAnswers: Readonly<Record<string, string>> = {
  "local.connections": "files of a folder are written as fast as the disk takes them",
  "s3.enable-restore": "bcat does not ask for archived objects: it lists them, and the command that does",
  "s3.restore-days": "bcat lists archived objects, and the command that asks for them",
  "s3.restore-tier": "bcat lists archived objects, and the command that asks for them",
  "s3.restore-timeout": "bcat lists archived objects, and the command that asks for them",
  "s3.layout": "there is one layout",
};

/** Without `RESTIC_`. */
export const variableAnswers: Readonly<Record<string, string>> = {
  FEATURES: "there are no features to switch on or off",
};

/** Commands of other programs, and what they are called here. */
export const otherCommands: Readonly<Record<string, string>> = {
  create: "backup",
  delete: "forget",
  extract: "restore",
  gc: "prune",
  compact: "prune",
  info: "stats",
  recreate: "rewrite",
  "repo-create": "init",
  "rebuild-index": "repair index",
  remove: "forget",
  "repo-list": "snapshots",
  rm: "forget",
  transfer: "copy",
  verify: "check",
};
