#!/usr/bin/env bash
# Installs the system packages that building and the local stack need: as root through apt-get, else names the command to run.
set -euo pipefail

missing=()

java_is_new_enough() {
    local java=java version
    if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then java=$JAVA_HOME/bin/java; fi
    version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1) || return 1
    [ "${version:-0}" -ge 17 ]
}

postgres_is_new_enough() {
    local initdb version
    for initdb in /usr/lib/postgresql/*/bin/initdb "$(command -v initdb || true)"; do
        [ -x "$initdb" ] || continue
        version=$("$initdb" --version | sed -n 's/.* \([0-9]*\)[.a-z0-9]*\( .*\)\{0,1\}$/\1/p')
        if [ "${version:-0}" -ge 15 ]; then return 0; fi
    done
    return 1
}

# A JDK of 17 or newer; the distribution's default is newer on later releases.
java_package() {
    if apt-cache show openjdk-17-jdk-headless >/dev/null 2>&1; then echo openjdk-17-jdk-headless; else echo default-jdk-headless; fi
}

# Debian's package is a whole monitoring server that would start by itself: only the one program is taken out of it, below /usr/local.
install_promtool() {
    local dir
    dir=$(mktemp -d)
    chmod 755 "$dir"
    (cd "$dir" && apt-get -q -o APT::Sandbox::User=root download prometheus && dpkg-deb -x prometheus_*.deb .) && install -m 755 "$dir/usr/bin/promtool" /usr/local/bin/promtool
    rm -rf "$dir"
}

command -v cargo >/dev/null || { echo "prepare: no cargo; install Rust by rustup, its version is in rust-toolchain.toml" >&2; exit 1; }

need_java=no
java_is_new_enough || need_java=yes
command -v mvn >/dev/null || missing+=(maven)
postgres_is_new_enough || missing+=(postgresql)
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
{ command -v cc && command -v c++ && command -v make; } >/dev/null || missing+=(build-essential)

need_promtool=no
command -v promtool >/dev/null || need_promtool=yes

if [ "$need_java" = no ] && [ ${#missing[@]} -eq 0 ] && [ "$need_promtool" = no ]; then exit 0; fi

# Nothing but the check of the alarms needs it.
if [ "$need_java" = no ] && [ ${#missing[@]} -eq 0 ]; then
    if ! command -v apt-get >/dev/null; then
        echo "prepare: no promtool: the alarms are not checked; it comes with Prometheus" >&2
    elif [ "$(id -u)" -ne 0 ]; then
        echo "prepare: no promtool: the alarms are not checked; run: sudo apt-get install -y --no-install-recommends prometheus" >&2
    else
        { apt-get update -q && install_promtool; } || echo "prepare: promtool could not be installed: the alarms are not checked" >&2
    fi
    exit 0
fi

if ! command -v apt-get >/dev/null; then
    [ "$need_java" = no ] || missing=(openjdk-17-jdk "${missing[@]}")
    echo "prepare: missing (by their Debian names): ${missing[*]}; install them with this system's package manager" >&2
    exit 1
fi

if [ "$(id -u)" -ne 0 ]; then
    [ "$need_java" = no ] || missing=("$(java_package)" "${missing[@]}")
    echo "prepare: missing packages; run: sudo apt-get update && sudo apt-get install -y ${missing[*]}" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
[ "$need_java" = no ] || missing=("$(java_package)" "${missing[@]}")
echo "prepare: installing ${missing[*]}"
apt-get install -y -q --no-install-recommends "${missing[@]}"
[ "$need_promtool" = no ] || install_promtool || echo "prepare: promtool could not be installed: the alarms are not checked" >&2
