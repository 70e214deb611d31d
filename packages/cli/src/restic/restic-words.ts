/**
 * The words of restic 0.19.1, made from its own help texts: commands, their flags (`|x` is the letter, `=` says that it
 * takes a value), names of `--option`, and variables. `*` has the flags of all commands. What its builds for Windows and
 * for other systems have besides is added: `exclude-cloud-files`, `use-fs-snapshot`, `self-update`.
 */

export interface ResticFlag {
  /** Without dashes. */
  readonly name: string;
  readonly short: string | undefined;
  readonly takesValue: boolean;
}

export interface ResticCommand {
  /** `key add` for one that has two words; `*` for all of them. */
  readonly name: string;
  readonly flags: readonly ResticFlag[];
}

const text = `
*: cacert= cache-dir= cleanup-cache compression= http-user-agent= insecure-no-password insecure-tls json key-hint=
  limit-download= limit-upload= no-cache no-extra-verify no-lock option|o= pack-size= password-command=
  password-file|p= quiet|q repo|r= repository-file= retry-lock= stuck-request-timeout= tls-client-cert= verbose|v
backup: dry-run|n exclude|e= exclude-caches exclude-cloud-files exclude-file= exclude-if-present= exclude-larger-than=
  files-from= files-from-raw= files-from-verbatim= force|f group-by|g= host|H= iexclude= iexclude-file= ignore-ctime
  ignore-inode no-scan one-file-system|x parent= read-concurrency= skip-if-unchanged stdin stdin-filename=
  stdin-from-command tag= time= use-fs-snapshot with-atime
cache: cleanup max-age= no-size
cat:
check: host|H= path= read-data read-data-subset= tag= with-cache
copy: from-insecure-no-password from-key-hint= from-password-command= from-password-file= from-repo=
  from-repository-file= host|H= path= tag=
diff: metadata
dump: archive|a= host|H= path= tag= target|t=
features:
find: blob host|H= human-readable ignore-case|i long|l newest|N= oldest|O= pack path= reverse|R show-pack-id
  snapshot|s= tag= tree
forget: compact|c dry-run|n group-by|g= host= keep-daily|d= keep-hourly|H= keep-last|l= keep-monthly|m= keep-tag=
  keep-weekly|w= keep-within= keep-within-daily= keep-within-hourly= keep-within-monthly= keep-within-weekly=
  keep-within-yearly= keep-yearly|y= max-repack-size= max-unused= path= prune repack-cacheable-only
  repack-smaller-than= repack-uncompressed tag= unsafe-allow-remove-all
generate: bash-completion= fish-completion= man= powershell-completion= zsh-completion=
help:
init: copy-chunker-params from-insecure-no-password from-key-hint= from-password-command= from-password-file=
  from-repo= from-repository-file= repository-version=
key add: host= new-insecure-no-password new-password-file= user=
key list:
key passwd: host= new-insecure-no-password new-password-file= user=
key remove:
list:
ls: host|H= human-readable long|l ncdu path= recursive reverse sort|s= tag=
migrate: force|f
mount: allow-other host|H= no-default-permissions owner-root path= path-template= tag= time-template=
options:
prune: dry-run|n max-repack-size= max-unused= repack-cacheable-only repack-smaller-than= repack-uncompressed
  unsafe-recover-no-free-space=
recover:
repair index: read-all-packs
repair packs:
repair snapshots: dry-run|n forget host|H= path= tag=
restore: delete dry-run exclude|e= exclude-file= exclude-xattr= host|H= iexclude= iexclude-file= iinclude=
  iinclude-file= include|i= include-file= include-xattr= overwrite= ownership-by-name path= sparse tag= target|t=
  verify
rewrite: dry-run|n exclude|e= exclude-file= forget host|H= iexclude= iexclude-file= iinclude= iinclude-file=
  include|i= include-file= new-host= new-time= path= snapshot-summary|s tag=
self-update: output=
snapshots: compact|c group-by|g= host|H= latest= path= tag=
stats: host|H= mode= path= tag=
tag: add= host|H= path= remove= set= tag=
unlock: remove-all
version:
`;

/** In the order of their names, what all commands have first. */
export function resticCommands(): readonly ResticCommand[] {
  const lines = text.replaceAll("\n  ", " ").trim().split("\n");
  return lines.map((line) => {
    const colon = line.indexOf(":");
    const words = line.slice(colon + 1).split(" ");
    return { name: line.slice(0, colon), flags: words.filter((word) => word !== "").map(readFlag) };
  });
}

function readFlag(word: string): ResticFlag {
  const [name = "", short] = word.replace("=", "").split("|");
  return { name, short, takesValue: word.endsWith("=") };
}

export const resticOptions =
  "b2.connections gs.connections gs.region local.connections rclone.args rclone.connections rclone.program rclone.timeout rest.connections s3.bucket-lookup s3.connections s3.enable-restore s3.layout s3.list-objects-v1 s3.region s3.restore-days s3.restore-tier s3.restore-timeout s3.retries s3.storage-class s3.unsafe-anonymous-auth sftp.args sftp.command sftp.connections swift.connections".split(
    " ",
  );

/** Without `RESTIC_`. */
export const resticVariables =
  "REPOSITORY REPOSITORY_FILE PASSWORD PASSWORD_FILE PASSWORD_COMMAND KEY_HINT CACERT TLS_CLIENT_CERT CACHE_DIR COMPRESSION HOST PROGRESS_FPS PACK_SIZE READ_CONCURRENCY FEATURES FROM_REPOSITORY FROM_REPOSITORY_FILE FROM_PASSWORD FROM_PASSWORD_FILE FROM_PASSWORD_COMMAND FROM_KEY_HINT".split(
    " ",
  );
