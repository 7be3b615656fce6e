# Keeps one server for one test process. Arguments: its folder, the signal that stops it in order, the one that ends it at
# once but leaves nothing in the system (PostgreSQL's shared memory), its command.
#
# Reads words from standard input and answers each with a line. Standard input is a pipe that only the test process holds:
# when it ends, however it ends, the server is ended and its folder removed.
folder=$1
stop=$2
end=$3
shift 3
server=

# The server and its children. PostgreSQL's are no process group: each makes its own.
tree() {
    echo "$server"
    for stat in /proc/[0-9]*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue
        after_name=${line##*) }
        after_state=${after_name#* }
        [ "${after_state%% *}" = "$server" ] && echo "${line%% *}"
    done
}

is_alive() {
    [ -n "$server" ] && { read -r line <"/proc/$server/stat"; } 2>/dev/null || return 1
    state=${line##*) }
    [ "${state%% *}" != Z ]
}

# The parent is stopped first, so that it makes no child in between.
kill_tree() {
    kill -s STOP "$server"
    kill -s KILL $(tree)
    wait "$server"
}

while read -r word; do
    case $word in
        start)
            "$@" </dev/null >>"$folder/log" 2>&1 &
            server=$!
            ;;
        stop)
            kill -s "$stop" "$server"
            wait "$server"
            ;;
        kill) kill_tree ;;
        pause)
            kill -s STOP "$server"
            kill -s STOP $(tree)
            ;;
        resume) kill -s CONT $(tree) ;;
    esac
    if is_alive; then echo alive; else echo dead; fi
done

if is_alive; then
    kill -s CONT $(tree)
    kill -s "$end" "$server"
    tries=0
    while is_alive && [ $tries -lt 250 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
    is_alive && kill_tree
fi
rm -rf "$folder"
