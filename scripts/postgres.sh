#!/usr/bin/env bash
# A throw-away PostgreSQL for the tests, on a socket in a folder of its own: nothing listens on the network, nothing is flushed to disk.
#   scripts/postgres.sh start DIR   starts one and prints its address (postgres://…)
#   scripts/postgres.sh restart DIR stops it as a crash would, and starts it again
#   scripts/postgres.sh stop DIR    stops it and deletes the folder
#   scripts/postgres.sh check       only tells whether there is one to start
# Exit code 3: PostgreSQL 15 or newer is not installed.
set -euo pipefail

usage() {
  sed -n '2,7s/^# //p' "$0" >&2
  exit 2
}
case "$*" in
  check | start\ ?* | restart\ ?* | stop\ ?*) dir=${2:-} ;;
  *) usage ;;
esac

# Debian keeps the server's programs out of the path, one folder for each version; the newest is taken.
bin=$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin 2> /dev/null | sort -V | tail -n1 || true)
if [ ! -x "${bin:-/nowhere}/initdb" ]; then
  bin=$(dirname "$(command -v initdb || echo /nowhere/initdb)")
fi
version=$("$bin/postgres" --version 2> /dev/null | grep -oE '[0-9]+' | head -n1 || true)
if [ "${version:-0}" -lt 15 ]; then
  echo 'PostgreSQL 15 or newer is not installed (apt-get install postgresql, or your system'"'"'s package)' >&2
  exit 3
fi

# PostgreSQL refuses to run as root.
as_server() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && exec setpriv --reuid postgres --regid postgres --init-groups -- "$@")
  else
    "$@"
  fi
}

# Starts the server of the folder `dir`.
run_server() {
  options="-c listen_addresses= -c unix_socket_directories=$dir -c fsync=off -c full_page_writes=off -c max_connections=200"
  as_server "$bin/pg_ctl" --pgdata "$dir/data" --log "$dir/server.log" --options "$options" --wait --timeout 60 start > "$dir/start.log" 2>&1 ||
    { cat "$dir/start.log" "$dir/server.log" >&2 && exit 1; }
}

case "$1" in
  check) ;;
  start)
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    # A socket's path has room for about a hundred bytes.
    if [ "${#dir}" -gt 80 ]; then
      echo "the path $dir is too long for a socket" >&2
      exit 2
    fi
    if [ "$(id -u)" = 0 ]; then chown postgres "$dir"; fi
    as_server "$bin/initdb" --pgdata "$dir/data" --username postgres --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync > "$dir/initdb.log" 2>&1 ||
      { cat "$dir/initdb.log" >&2 && exit 1; }
    run_server
    echo "postgres:///postgres?host=$dir&user=postgres"
    ;;
  restart)
    as_server "$bin/pg_ctl" --pgdata "$dir/data" --mode immediate --wait stop > /dev/null
    run_server
    ;;
  stop)
    if [ -f "$dir/data/postmaster.pid" ]; then
      as_server "$bin/pg_ctl" --pgdata "$dir/data" --mode immediate --wait stop > /dev/null
    fi
    rm -rf "$dir"
    ;;
esac
