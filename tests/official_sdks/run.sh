#!/usr/bin/env bash
# Points the providers' official Python clients at the simulated providers of a running gateway: what our adapters create
# they must be able to read, and what they create must be readable through the gateway.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
gateway=${GATEWAY:-$root/target/fast/unified-gateway}

fail() {
    echo "official_sdks: $1" >&2
    exit 1
}

command -v python3 >/dev/null || fail 'python3 is missing. On Debian: apt-get install python3 python3-venv'
[ -x "$gateway" ] || fail "there is no $gateway: build it with: cargo build --profile fast --bin unified-gateway"

# A folder a set of versions: a change of the versions starts afresh, and an interrupted install is not taken for a whole one.
versions=$(sha256sum requirements.txt | cut -c1-12)
venv=$root/target/official_sdks/$versions
if [ ! -e "$venv/complete" ]; then
    echo 'official_sdks: installing the clients of Razorpay, PayPal, Stripe and Twilio (once for these versions)'
    rm -rf "$venv"
    python3 -m venv "$venv" || fail 'a virtual environment cannot be made. On Debian: apt-get install python3-venv'
    "$venv/bin/pip" install --quiet --disable-pip-version-check --retries 5 --requirement requirements.txt \
        || fail 'the clients cannot be installed: is the Python package index reachable?'
    touch "$venv/complete"
fi
GATEWAY=$gateway exec "$venv/bin/python" -m pytest --quiet -p no:cacheprovider "$@" .
