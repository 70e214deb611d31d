#!/usr/bin/env bash
# A Tahoe-LAFS grid on loopback: introducer, 3 storage nodes, and a client that needs 2 shares of 3 and is happy with 2.
# usage: tahoe-grid.sh FOLDER TAHOE [PORT]; prints the URL of the gateway. Each node's process id is in FOLDER/NAME.pid.
# Tahoe-LAFS comes from PyPI: python3 -m venv VENV && VENV/bin/pip install tahoe-lafs==1.20.0; TAHOE is VENV/bin/tahoe.
set -euo pipefail
folder=$1 tahoe=$2 base=${3:-24500}
mkdir -p "$folder"
export PYTHONWARNINGS=ignore
start() {
  (cd "$folder" && exec setsid nohup "$tahoe" run --allow-stdin-close "$1" >"$1.log" 2>&1 </dev/null) &
  echo $! >"$folder/$1.pid"
}
at() { echo "--port=tcp:$1:interface=127.0.0.1 --location=tcp:127.0.0.1:$1"; }
"$tahoe" create-introducer --listen=tcp $(at "$base") "$folder/introducer" >/dev/null
start introducer
furl=$folder/introducer/private/introducer.furl
for _ in $(seq 300); do [ -s "$furl" ] && break; sleep 0.2; done
for n in 1 2 3; do
  "$tahoe" create-node --nickname="s$n" --introducer="$(cat "$furl")" $(at $((base + n))) --webport=none "$folder/s$n" >/dev/null
  start "s$n"
done
"$tahoe" create-client --nickname=client --introducer="$(cat "$furl")" --webport="tcp:$((base + 9)):interface=127.0.0.1" \
  --shares-needed=2 --shares-happy=2 --shares-total=3 "$folder/client" >/dev/null
start client
for _ in $(seq 300); do
  connected=$(curl -s "http://127.0.0.1:$((base + 9))/?t=json" | grep -c '"connection_status": "connected' || true)
  [ "$connected" = 3 ] && break
  sleep 0.3
done
echo "http://127.0.0.1:$((base + 9))"
