#!/usr/bin/env bash
# How long the program takes from its start to its first answer, and what it holds in memory when idle. Prints, and judges
# nothing. Promised: an answer in under a second, under 40 MiB.
#
#   benches/startup.sh [PROGRAM]     default: target/release/unified-gateway, else target/fast/unified-gateway
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly STARTS=5 MOST_SECONDS=10 IDLE_SECONDS=3

program=${1:-target/release/unified-gateway}
[[ $# -gt 0 || -x $program ]] || program=target/fast/unified-gateway
if [[ ! -x $program ]]; then
    echo "startup: there is no $program: build it with cargo build --release --bin unified-gateway" >&2
    exit 1
fi

folder=$(mktemp -d)
pid=
finish() {
    if [[ -n $pid ]]; then
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        pid=
    fi
}
trap 'finish; rm -rf "$folder"' EXIT

answers() { # whether an HTTP answer comes from this port
    { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
    printf 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    local status=
    IFS= read -r -t "$MOST_SECONDS" status <&3 || true
    exec 3>&-
    [[ $status == 'HTTP/1.1 200'* ]]
}

free_port() { # a port that nobody listens on
    local port
    while :; do
        port=$((RANDOM % 20000 + 20000))
        if ! { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then
            echo "$port"
            return
        fi
        exec 3>&-
    done
}

start() { # starts the program on a folder, waits for its first answer, and tells how long that took
    local what=$1 data=$2 port begun took
    port=$(free_port)
    begun=${EPOCHREALTIME/./}
    GATEWAY_LISTEN__ADMIN=127.0.0.1:0 "$program" serve --data-dir "$data" --listen "127.0.0.1:$port" \
        >"$folder/output" 2>&1 &
    pid=$!
    until answers "$port"; do
        if ! kill -0 "$pid" 2>/dev/null || ((${EPOCHREALTIME/./} - begun > MOST_SECONDS * 1000000)); then
            echo "startup: no answer from $program; it said:" >&2
            cat "$folder/output" >&2
            exit 1
        fi
        sleep 0.001
    done
    took=$((${EPOCHREALTIME/./} - begun))
    echo "$what: first answer after $((took / 1000)).$(printf %03d $((took % 1000))) ms"
}

memory() { # a line of /proc/PID/status, in MiB with one decimal
    awk -v name="$1:" '$1 == name { printf "%.1f MiB\n", $2 / 1024 }' "/proc/$pid/status"
}

echo "$program, $(nproc) cores"
for number in $(seq "$STARTS"); do
    start "start $number on an empty folder" "$folder/data-$number"
    finish
done
start "start on a folder with data" "$folder/data-1"
sleep "$IDLE_SECONDS"
echo "idle for $IDLE_SECONDS s: $(memory VmRSS) resident, $(memory VmHWM) at most since the start"
