#!/usr/bin/env bash
# PostgreSQL and Redis on this machine, for trying the gateway out with them and for the tests. `--help` explains.
# Nothing outside target/servers/ is changed but by `install`, and no service of the system is started or stopped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PG_PORT=${SERVERS_PG_PORT:-54329}
REDIS_PORT=${SERVERS_REDIS_PORT:-63799}
ROOT=${SERVERS_DIR:-$PWD/target/servers}
PG_MAJOR_MIN=15
LOGIN=gateway_node
DATABASE=gateway

explain() {
    cat <<TEXT
PostgreSQL and Redis for the gateway on this machine: private ones, on ports of their own.

  deploy/servers.sh install          get PostgreSQL ($PG_MAJOR_MIN or newer), Redis and PgBouncer: what is installed already,
                                     else Debian's packages (as root), else Docker's images, for \`up\` only
  deploy/servers.sh up               start both, make the database \`$DATABASE\`, and say which settings use them
  deploy/servers.sh status           say what runs
  deploy/servers.sh down             stop both; what they keep stays
  deploy/servers.sh where SERVER     print the folder of a server's programs: postgres, redis or pgbouncer

  SERVERS_PG_PORT=$PG_PORT      where PostgreSQL listens, on 127.0.0.1
  SERVERS_REDIS_PORT=$REDIS_PORT   where Redis listens, on 127.0.0.1
  SERVERS_DIR=…      where they keep what they have, instead of target/servers

Everything they keep is in target/servers/; remove that folder after \`down\` to start afresh. They have no passwords: whoever
is on this machine can use them. The tests start servers of their own with the same programs and leave these alone.
TEXT
}

say() { echo "servers: $1" >&2; }
fail() { say "$1"; exit 1; }

# --- finding the programs

where_postgres() { # Debian keeps them off the PATH; the newest comes last
    local folder newest=
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
        [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && newest=$folder
    done
    if [ -z "$newest" ] && command -v pg_config >/dev/null; then newest=$(pg_config --bindir); fi
    [ -n "$newest" ] && [ -x "$newest/initdb" ] && [ -x "$newest/psql" ] || return 1
    local version
    version=$("$newest/postgres" --version | grep -oE '[0-9]+' | head -n 1)
    [ "$version" -ge "$PG_MAJOR_MIN" ] && echo "$newest"
}

on_path() { # a program; services are in /usr/sbin, which is not on everybody's PATH
    local program
    program=$(PATH=$PATH:/usr/local/sbin:/usr/sbin command -v "$1") && dirname "$program"
}

where() {
    case ${1:-} in
        postgres) where_postgres ;;
        redis) command -v redis-cli >/dev/null && on_path redis-server ;;
        pgbouncer) on_path pgbouncer ;;
        *) fail 'where what? postgres, redis or pgbouncer' ;;
    esac
}

# --- installing

missing() {
    where postgres >/dev/null || echo postgresql
    where redis >/dev/null || echo redis-server
    where pgbouncer >/dev/null || echo pgbouncer
}

has_docker() { command -v docker >/dev/null && docker info >/dev/null 2>&1; }

install() {
    local packages
    packages=$(missing | xargs)
    [ -n "$packages" ] || return 0
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        install_packages "$packages"
        packages=$(missing | xargs)
        [ -z "$packages" ] || fail "installed, and still not found or too old: $packages"
    elif has_docker; then
        say "not installed: $packages. \`up\` will use Docker's images; the tests need the programs themselves:"
        fail "as root: apt-get install $packages"
    elif command -v apt-get >/dev/null; then
        fail "not installed: $packages. As root: deploy/servers.sh install, or: apt-get install $packages"
    else
        fail "not installed: $packages. Install PostgreSQL $PG_MAJOR_MIN or newer, Redis 7 or newer and PgBouncer, programs on the PATH"
    fi
}

# Debian starts what it installs, and makes a database cluster. Neither is wanted: nothing may listen on the usual ports.
install_packages() { # names, parted by blanks
    local policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/unified-gateway.conf undo=''
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        undo="rm -f $policy;"
    fi
    mkdir -p "$(dirname "$cluster")"
    echo 'create_main_cluster = false' >"$cluster"
    # shellcheck disable=SC2064 # what is to be undone is known now
    trap "$undo rm -f $cluster" EXIT
    export DEBIAN_FRONTEND=noninteractive
    say "installing Debian's packages: $1"
    # shellcheck disable=SC2086 # several names
    apt-get install -y -qq --no-install-recommends $1 >/dev/null 2>&1 \
        || { apt-get update -qq && apt-get install -y -qq --no-install-recommends $1 >/dev/null; } \
        || fail "apt-get cannot install: $1"
    if command -v systemctl >/dev/null; then
        local service
        for service in $1; do systemctl --quiet disable "$service" >/dev/null 2>&1 || true; done
    fi
}

# --- running

# Root's servers run as the user that Debian made for them: PostgreSQL refuses to be root.
as_server() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --init-groups -- "$@"; else "$@"; fi
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

own_folder() { # a folder that the servers' user can write, wherever the checkout is
    mkdir -p "$1"
    if [ "$(id -u)" = 0 ]; then
        chown postgres: "$1"
        as_server test -w "$1" || fail "the user postgres cannot reach $1: put the checkout where other users may go"
    fi
    chmod 700 "$1"
}

wait_for() { # what, command
    local what=$1
    shift
    for _ in $(seq 1 300); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    fail "$what does not answer; see $ROOT"
}

psql_admin() { "$PG/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PG_PORT" -U postgres -d postgres "$@"; }

pg_runs() { [ -e "$ROOT/postgres/cluster/postmaster.pid" ] && as_server "$PG/pg_ctl" -D "$ROOT/postgres/cluster" status >/dev/null 2>&1; }
pg_answers() { "$PG/pg_isready" -q -h 127.0.0.1 -p "$PG_PORT"; }
redis_pid() { cat "$ROOT/redis/pid" 2>/dev/null; }
redis_runs() { local pid; pid=$(redis_pid) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
redis_answers() { [ "$(redis-cli -h 127.0.0.1 -p "$REDIS_PORT" PING 2>/dev/null)" = PONG ]; }

start_postgres() {
    local cluster=$ROOT/postgres/cluster
    own_folder "$ROOT/postgres"
    if pg_runs; then
        pg_answers || fail "PostgreSQL runs, but not on port $PG_PORT: deploy/servers.sh down, then up"
        return
    fi
    ! is_taken "$PG_PORT" || fail "port $PG_PORT is taken by something else: choose another with SERVERS_PG_PORT"
    if [ ! -e "$cluster/PG_VERSION" ]; then
        rm -rf "$cluster"
        as_server "$PG/initdb" -D "$cluster" -U postgres -A trust -E UTF8 --locale=C >"$ROOT/initdb.log" 2>&1 \
            || fail "the database cluster cannot be made; see $ROOT/initdb.log"
    fi
    as_server "$PG/pg_ctl" -D "$cluster" -l "$ROOT/postgres/log" -w -t 60 \
        -o "-p $PG_PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c timezone=UTC" start >/dev/null \
        || fail "PostgreSQL does not start; see $ROOT/postgres/log"
}

start_redis() {
    own_folder "$ROOT/redis"
    if redis_runs; then
        redis_answers || fail "Redis runs, but not on port $REDIS_PORT: deploy/servers.sh down, then up"
        return
    fi
    ! is_taken "$REDIS_PORT" || fail "port $REDIS_PORT is taken by something else: choose another with SERVERS_REDIS_PORT"
    as_server redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --dir "$ROOT/redis" --save '' --appendonly no \
        --daemonize yes --pidfile "$ROOT/redis/pid" --logfile "$ROOT/redis/log" >/dev/null
    wait_for Redis redis_answers
}

# What the migrations do not make: the database, and the role that the gateway signs in with. It owns nothing.
make_database() { # a command that runs SQL as the superuser
    "$@" -c "DO \$\$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$LOGIN') THEN
            CREATE ROLE $LOGIN LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
        END IF;
    END \$\$"
    [ "$("$@" -c "SELECT 1 FROM pg_database WHERE datname = '$DATABASE'")" = 1 ] || "$@" -c "CREATE DATABASE $DATABASE"
}

# --- Docker, where the programs are not installed

docker_postgres=unified-gateway-postgres
docker_redis=unified-gateway-redis

docker_up() {
    say 'PostgreSQL and Redis are not installed: using Docker'
    local name
    for name in "$docker_postgres" "$docker_redis"; do
        [ -n "$(docker ps -aq -f "name=^$name\$")" ] || case $name in
            "$docker_postgres") docker create --name "$name" -e POSTGRES_HOST_AUTH_METHOD=trust \
                -p "127.0.0.1:$PG_PORT:5432" postgres:16 >/dev/null ;;
            *) docker create --name "$name" -p "127.0.0.1:$REDIS_PORT:6379" redis:7 redis-server --save '' >/dev/null ;;
        esac || fail "Docker cannot make $name"
        docker start "$name" >/dev/null || fail "Docker cannot start $name: is its port taken?"
    done
    wait_for PostgreSQL docker exec "$docker_postgres" pg_isready -q -h 127.0.0.1
    wait_for Redis docker exec "$docker_redis" redis-cli PING
    make_database docker exec "$docker_postgres" psql -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -U postgres -d postgres
}

docker_has() { command -v docker >/dev/null && [ -n "$(docker ps -q -f "name=^$1\$" 2>/dev/null)" ]; }

# --- what can be asked for

up() {
    if PG=$(where postgres) && where redis >/dev/null; then
        mkdir -p "$ROOT"
        start_postgres
        start_redis
        make_database psql_admin
    elif has_docker; then
        docker_up
    else
        fail 'PostgreSQL and Redis are not installed: deploy/servers.sh install'
    fi
    explain_settings
}

explain_settings() {
    local node="postgres://$LOGIN@127.0.0.1:$PG_PORT/$DATABASE"
    local owner="postgres://postgres@127.0.0.1:$PG_PORT/$DATABASE"
    local redis="redis://127.0.0.1:$REDIS_PORT/0"
    cat <<TEXT
PostgreSQL  $node
Redis       $redis

Settings that use them:
  export GATEWAY_STORE__ENGINE=postgres
  export GATEWAY_STORE__POSTGRES__URL=$node
  export GATEWAY_STORE__POSTGRES__OWNER_URL=$owner
  export GATEWAY_CACHE__ENGINE=redis
  export GATEWAY_CACHE__REDIS__URL=$redis

Then make the schema, and start: cargo run --profile fast -- migrate && make run
TEXT
}

down() {
    if PG=$(where postgres) && pg_runs; then
        as_server "$PG/pg_ctl" -D "$ROOT/postgres/cluster" -m fast -w stop >/dev/null || fail 'PostgreSQL does not stop'
    fi
    if redis_runs; then
        redis-cli -h 127.0.0.1 -p "$REDIS_PORT" SHUTDOWN NOSAVE >/dev/null 2>&1 || kill "$(redis_pid)"
        for _ in $(seq 1 100); do redis_runs || break; sleep 0.1; done
    fi
    local name
    for name in "$docker_postgres" "$docker_redis"; do
        if docker_has "$name"; then docker stop "$name" >/dev/null; fi
    done
}

status() {
    local postgres='does not run' redis='does not run'
    if PG=$(where postgres) && pg_runs; then postgres="runs, port $(sed -n 4p "$ROOT/postgres/cluster/postmaster.pid")"; fi
    if redis_runs; then redis="runs, process $(redis_pid)"; fi
    if docker_has "$docker_postgres"; then postgres='runs in Docker'; fi
    if docker_has "$docker_redis"; then redis='runs in Docker'; fi
    echo "PostgreSQL  $postgres"
    echo "Redis       $redis"
}

case ${1:-} in
    install | up | down | status) "$1" ;;
    where) where "${2:-}" ;;
    -h | --help | help) explain ;;
    '') explain >&2; exit 2 ;;
    *) fail "what is $1? deploy/servers.sh --help" ;;
esac
