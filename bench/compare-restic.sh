#!/usr/bin/env bash
# Times bcat against restic on the same data, whole processes, in turn: first backup, unchanged backup, restore.
# usage: bench/compare-restic.sh RESTIC FOLDER... (after npm ci; works in $TMPDIR, which should be a tmpfs). Prints a
# line a run: seconds, and the size of the repositories in MiB.
set -euo pipefail
restic=$1; shift
bcat=$(cd "$(dirname "$0")/.." && pwd)/node_modules/.bin/bcat
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BCAT_PASSWORD=x RESTIC_PASSWORD=x BCAT_CACHE_DIR=$work/bcat-cache RESTIC_CACHE_DIR=$work/restic-cache
seconds() { local start end; start=$(date +%s%N); "$@" >/dev/null; end=$(date +%s%N); printf '%d.%03d' $(((end - start) / 1000000000)) $(((end - start) / 1000000 % 1000)); }
for run in 1 2 3 4 5; do
  rm -rf "$work"/*
  "$bcat" -q init --repo "$work/bcat" >/dev/null
  "$restic" -q init -r "$work/restic"
  echo "run $run: first bcat $(seconds "$bcat" -q backup --repo "$work/bcat" "$@") restic $(seconds "$restic" -q backup -r "$work/restic" "$@")," \
    "unchanged bcat $(seconds "$bcat" -q backup --repo "$work/bcat" "$@") restic $(seconds "$restic" -q backup -r "$work/restic" "$@")," \
    "restore bcat $(seconds "$bcat" -q restore --repo "$work/bcat" latest all "$work/b") restic $(seconds "$restic" -q restore -r "$work/restic" latest --target "$work/r")," \
    "size bcat $(du -sm "$work/bcat" | cut -f1) restic $(du -sm "$work/restic" | cut -f1)"
done
