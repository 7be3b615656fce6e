#!/usr/bin/env bash
# The whole path of one request against a bare nginx: the same stub upstream, the same core, alternating slices of a second.
#
# Gateway: order POST, a new idempotency key each, ledger, limits, log: everything on.
# Nginx:   `proxy_pass` with kept connections and nothing else.
# Both on core 0; the stub upstream (a fixed answer) and the load (64 connections) on core 1. All on loopback, bounded in
# time, cleaned up on every exit. Prints a table and writes loadtest/results/DATE-COMMIT.md.
#
#   SLICES=8          pairs of slices (at least 8 for a figure to keep)
#   SECONDS_EACH=1    length of a slice
#   STORE=embedded     or postgres: with PostgreSQL and Redis of its own, on core 1
#   PROGRAM=…         the gateway to measure; built with --release when not given. The result says that it was given
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

SLICES=${SLICES:-8}
SECONDS_EACH=${SECONDS_EACH:-1}
STORE=${STORE:-embedded}
PORT=${PORT:-18070}          # gateway; admin is the next one
PROXY_PORT=$((PORT + 2))     # nginx in front of the stub
STUB_PORT=$((PORT + 10))     # stub: control, Razorpay, PayPal, Stripe, Twilio
WORK=$(mktemp -d)
chmod 755 "$WORK"            # PostgreSQL runs as another user than root, and must get at its folder
PIDS=()

cleanup() {
    for pid in "${PIDS[@]:-}"; do [ -n "$pid" ] && kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    [ "$STORE" = postgres ] && SERVERS_DIR="$WORK/servers" bash deploy/servers.sh down >/dev/null 2>&1 || true
    rm -rf "$WORK"
}
trap cleanup EXIT INT TERM

say() { echo "compare: $1" >&2; }
fail() { say "$1"; exit 1; }

need() { # command, Debian package
    command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] || fail "$1 is missing: apt-get install $2"
    say "installing $2"
    apt-get install -y -qq "$2" >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq "$2" >/dev/null; }
}
need nginx nginx-light
need wrk wrk
need taskset util-linux
need curl curl
need python3 python3
[ "$(nproc)" -ge 2 ] || fail 'two cores are needed: one for what is measured, one for the load'

commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD -- 2>/dev/null || commit="$commit-changed"
# Nothing tells which commit a given program was built from, or how.
[ -z "${PROGRAM:-}" ] || commit="$commit-given-program"
if [ -z "${PROGRAM:-}" ]; then
    say 'building the release program (several minutes the first time)'
    cargo build --release --quiet --bin unified-gateway
    PROGRAM=target/release/unified-gateway
fi

wait_for() { # port, what
    for _ in $(seq 1 200); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.05
    done
    fail "$2 does not listen on $1"
}

nginx_with() { # name, core, http block
    cat >"$WORK/$1.conf" <<CONF
daemon off; pid $WORK/$1.pid; error_log $WORK/$1.err; worker_processes 1;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; client_body_temp_path $WORK/$1.body;
$3
}
CONF
    taskset -c "$2" nginx -c "$WORK/$1.conf" &
    PIDS+=($!)
}

if [ "$STORE" = postgres ]; then
    say 'starting PostgreSQL and Redis'
    export SERVERS_DIR=$WORK/servers SERVERS_PG_PORT=$((PORT + 20)) SERVERS_REDIS_PORT=$((PORT + 21))
    taskset -c 1 bash deploy/servers.sh up >"$WORK/servers.out" || fail "$(cat "$WORK/servers.out")"
    eval "$(grep -o 'export .*' "$WORK/servers.out")"
    "$PROGRAM" migrate >"$WORK/migrate.out" 2>&1 || fail "$(cat "$WORK/migrate.out")"
elif [ "$STORE" != embedded ]; then
    fail "STORE is embedded or postgres, not $STORE"
fi

# A first start with the simulated providers makes the demo tenant; its key carries the load, with limits out of the way.
say 'making a tenant'
"$PROGRAM" dev --data-dir "$WORK/data" --port "$PORT" --admin-port $((PORT + 1)) --sandbox-port "$STUB_PORT" >"$WORK/dev.out" 2>"$WORK/dev.err" &
first=$!
PIDS+=("$first")
for _ in $(seq 1 200); do grep -q 'Ctrl-C' "$WORK/dev.out" && break; sleep 0.05; done
key=$(grep -o 'unf_test_[a-z0-9]*' "$WORK/dev.out" | head -1) || fail "no key was printed: $(cat "$WORK/dev.err")"
kill -TERM "$first"; wait "$first" || true
PIDS=()
unlimited='UPDATE api_keys SET rate_limit_per_min = 600000000, rate_limit_per_day = 2000000000'
if [ "$STORE" = postgres ]; then
    "$(bash deploy/servers.sh where postgres)/psql" -q -d "$GATEWAY_STORE__POSTGRES__OWNER_URL" -c "$unlimited"
else
    python3 -c 'import sqlite3, sys; store = sqlite3.connect(sys.argv[1]); store.execute(sys.argv[2]); store.commit()' \
        "$WORK/data/gateway.db" "$unlimited"
fi

order='{"id":"order_RB58MiP5SPFYyM","entity":"order","amount":50000,"amount_paid":0,"amount_due":50000,"currency":"INR","receipt":"r","offer_id":null,"status":"created","attempts":0,"notes":[],"created_at":1756455561}'
listens=$(for offset in 0 1 2 3 4; do echo "listen 127.0.0.1:$((STUB_PORT + offset));"; done)
nginx_with stub 1 "server { $listens location / { default_type application/json; return 200 '$order'; } }"
nginx_with proxy 0 "upstream stub { server 127.0.0.1:$((STUB_PORT + 1)); keepalive 256; keepalive_requests 100000000; }
server { listen 127.0.0.1:$PROXY_PORT; location / { proxy_pass http://stub; proxy_http_version 1.1; proxy_set_header Connection ''; } }"
wait_for "$STUB_PORT" 'the stub'
wait_for "$PROXY_PORT" 'nginx'
GATEWAY_LISTEN__WORKERS=1 taskset -c 0 "$PROGRAM" dev --data-dir "$WORK/data" --port "$PORT" --admin-port $((PORT + 1)) \
    --external-sandbox "127.0.0.1:$STUB_PORT" >"$WORK/gw.out" 2>"$WORK/gw.err" &
gateway=$!
PIDS+=("$gateway")
wait_for "$PORT" 'the gateway'
proxy=$(pgrep -P "$(cat "$WORK/proxy.pid")")

answer=$(curl -s "http://127.0.0.1:$PORT/v1/payments/orders" -H "X-Platform-Key: $key" -H 'Content-Type: application/json' -d '{"amount": 500.00, "currency": "INR"}')
grep -q '"provider_order_id"' <<<"$answer" || fail "the gateway answers $answer"

ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
slice() { # name, port, pid
    local before after out
    before=$(ticks "$3")
    out=$(taskset -c 1 wrk -t1 -c64 -d"${SECONDS_EACH}s" --latency -s loadtest/order.lua -H "X-Platform-Key: $key" \
        -H 'Content-Type: application/json' "http://127.0.0.1:$2/" 2>&1)
    after=$(ticks "$3")
    grep -q 'Socket errors' <<<"$out" && fail "$1 left requests unanswered: $(grep 'Socket errors' <<<"$out")"
    grep -q 'Non-2xx' <<<"$out" && fail "$1 refused requests: $(grep Non-2xx <<<"$out")"
    printf '%s %s %s %s %s %s\n' "$1" "$(awk '/requests in/ {print $1}' <<<"$out")" "$(awk '/Requests\/sec/ {print $2}' <<<"$out")" \
        "$((after - before))" "$(awk '$1 == "50%" {print $2}' <<<"$out")" "$(awk '$1 == "99%" {print $2}' <<<"$out")" >>"$WORK/slices"
}

say "measuring $SLICES pairs of slices of ${SECONDS_EACH}s"
slice warm "$PORT" "$gateway"; slice warm "$PROXY_PORT" "$proxy"
for pair in $(seq 1 "$SLICES"); do
    # A B, then B A: a machine that grows slower or faster favours neither.
    if [ $((pair % 2)) = 1 ]; then
        slice gateway "$PORT" "$gateway"; slice nginx "$PROXY_PORT" "$proxy"
    else
        slice nginx "$PROXY_PORT" "$proxy"; slice gateway "$PORT" "$gateway"
    fi
done

mkdir -p loadtest/results
[ "$STORE" = embedded ] || commit="$commit-$STORE"
result="loadtest/results/$(date +%Y-%m-%d)-$commit.md"
python3 - "$WORK/slices" "$(getconf CLK_TCK)" "$commit" "$SLICES" "$SECONDS_EACH" <<'PY' | tee "$result"
import platform, statistics, sys
path, ticks, commit, slices, seconds = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
def millis(text):
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if text.endswith(unit):
            return float(text[: -len(unit)]) * factor
rows = {"gateway": [], "nginx": []}
for line in open(path):
    name, requests, rate, cpu, p50, p99 = line.split()
    if name in rows:
        rows[name].append((float(rate), int(cpu) / ticks / int(requests) * 1e6, millis(p50), millis(p99)))
median = {name: [statistics.median(column) for column in zip(*values)] for name, values in rows.items()}
cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
print(f"# One request's whole path against nginx's bare proxy_pass\n")
print(f"Commit {commit}; {cpu}, one core each; {slices} pairs of slices of {seconds} s, 64 connections; medians.\n")
print("| | requests/s | CPU µs/request | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- |")
for name in ("gateway", "nginx"):
    rate, micros, p50, p99 = median[name]
    print(f"| {name} | {rate:,.0f} | {micros:.1f} | {p50:.2f} | {p99:.2f} |")
ratios = [g[0] / n[0] for g, n in zip(rows["gateway"], rows["nginx"])]
costs = [g[1] / n[1] for g, n in zip(rows["gateway"], rows["nginx"])]
print(f"\nMedian ratio of throughput: {statistics.median(ratios):.2f} (of the pairs: {min(ratios):.2f} to {max(ratios):.2f}). "
      f"CPU per request: {statistics.median(costs):.1f} times nginx's.")
PY
say "kept in $result"
