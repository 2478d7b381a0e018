#!/usr/bin/env bash
# Writes the data by which SQL is checked without a database (crates/*/.sqlx) anew, from the migrations.
#
# For each crate: a scratch database, the platform's migrations and the crate's own, then the compiler with the macros of sqlx
# connected to it. Needs a PostgreSQL whose superuser may create databases: ADMIN_URL, else the local stack's.
# usage: deploy/local/sqlx.sh [crate ...]
set -euo pipefail
cd "$(dirname "$0")/../.."

crates=("$@")
[ ${#crates[@]} -gt 0 ] || crates=(platform intake risk tracking reporting)

target=${CARGO_TARGET_DIR:-target}
if [ -z "${ADMIN_URL:-}" ]; then
    if [ ! -x "$target/release/cleargate" ]; then
        echo "sqlx.sh: no $target/release/cleargate to ask for the database; build it, or set ADMIN_URL=postgres://superuser:password@host:port/postgres" >&2
        exit 1
    fi
    "$target/release/cleargate" up --no-services
    ADMIN_URL=$("$target/release/cleargate" status --url admin)
fi

psql=$(command -v psql || ls /usr/lib/postgresql/*/bin/psql | tail -n 1)
sql() { "$psql" -X -q -v ON_ERROR_STOP=1 "$@" >/dev/null; }

# The platform comes first and is fresh for the others.
for crate in "${crates[@]}"; do
    scratch="sqlx_${crate}_$$"
    url="${ADMIN_URL%/*}/$scratch"
    sql -d "$ADMIN_URL" -c "CREATE DATABASE $scratch"
    fresh=$(mktemp -d "crates/$crate/.sqlx.XXXXXX")
    trap 'rm -rf "$fresh"; sql -d "$ADMIN_URL" -c "DROP DATABASE IF EXISTS $scratch WITH (FORCE)"' EXIT
    migrations=(crates/platform/migrations/*.sql)
    [ "$crate" = platform ] || migrations+=("crates/$crate"/migrations/*.sql)
    for migration in "${migrations[@]}"; do sql -d "$url" -f "$migration"; done

    # First without saving, so that whatever else is rebuilt does not leave its queries here; then this crate alone, saving.
    check=(cargo check -q --release --locked --all-targets -p "$crate")
    DATABASE_URL=$url SQLX_OFFLINE=false "${check[@]}"
    touch "crates/$crate/src/lib.rs"
    DATABASE_URL=$url SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$PWD/$fresh "${check[@]}"
    rm -rf "crates/$crate/.sqlx"
    chmod 755 "$fresh"
    mv "$fresh" "crates/$crate/.sqlx"
    echo "$crate: $(find "crates/$crate/.sqlx" -name 'query-*.json' | wc -l) queries"
    sql -d "$ADMIN_URL" -c "DROP DATABASE $scratch WITH (FORCE)"
    trap - EXIT
done
