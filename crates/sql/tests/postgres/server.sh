#!/bin/sh
# Makes a database server of a test's own and does what it is told: `server.sh BIN`, then lines `start PORT` and `stop` on stdin.
# Answers with the directory of the socket, and with `ready`, `failed` or `stopped`. When stdin ends, as it does however the test ends,
# the server is stopped and all of it is gone.
set -u
bin=$1
dir=$(mktemp -d "${TMPDIR:-/tmp}/compysition-sql.XXXXXX") || exit 1
data=$dir/data

stop() {
    [ -f "$data/postmaster.pid" ] && "$bin/pg_ctl" stop -D "$data" -m fast -w -s >&2
}
# The test ends us by closing stdin; neither what a terminal sends to the whole group, nor an answer that nobody reads any more, must come first.
trap '' INT TERM HUP PIPE
trap 'stop; rm -rf "$dir"' EXIT

"$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions >"$dir/log" 2>&1 ||
    { cat "$dir/log" >&2; exit 1; }
cat >>"$data/postgresql.conf" <<EOF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
fsync = off
shared_buffers = 16MB
ssl = on
EOF
cat >"$data/pg_hba.conf" <<EOF
local all all trust
hostssl all all 127.0.0.1/32 scram-sha-256
hostnossl all all 127.0.0.1/32 scram-sha-256
EOF
umask 077
printf '%s' "$CERTIFICATE" >"$data/server.crt"
printf '%s' "$KEY" >"$data/server.key"
chmod 755 "$dir"
echo "$dir"

while read -r command port; do
    case $command in
    start)
        if "$bin/pg_ctl" start -D "$data" -w -s -l "$dir/log" -o "-p $port" </dev/null >&2; then
            echo ready
        else
            cat "$dir/log" >&2
            echo failed
        fi
        ;;
    stop)
        stop
        echo stopped
        ;;
    esac
done
