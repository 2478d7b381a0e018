#!/usr/bin/env bash
# Draws where the machine's time goes while the local stack works: a flame graph of all processes, as SVG.
#
# Start a load beside it, e.g. `cleargate load --count 60000`. Needs root, perf (apt-get install linux-perf) and inferno
# (cargo install inferno --locked). Names of functions come from the line tables that release builds have.
# usage: deploy/local/flame.sh OUT.svg [SECONDS] [TITLE]
set -euo pipefail
cd "$(dirname "$0")/../.."

out=${1:?usage: deploy/local/flame.sh OUT.svg [SECONDS] [TITLE]}
seconds=${2:-20}
title=${3:-"CPU time by process, $seconds s"}
for tool in perf inferno-collapse-perf inferno-flamegraph; do
    command -v "$tool" >/dev/null || { echo "flame.sh: $tool is missing" >&2; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Threads carry names of their own; what counts is whose they are.
names=()
for process in intake risk tracking reporting cleargate java postgres; do
    for pid in $(pgrep -x "$process" || true); do names+=(-e "s/^[^;]*-$pid;/$process;/"); done
done

perf record -q -N -a -F 197 --call-graph dwarf,8192 -o "$work/perf.data" -- sleep "$seconds"
perf script -i "$work/perf.data" -F +pid --no-inline 2>/dev/null | inferno-collapse-perf --pid | sed "${names[@]}" -e 's/^postgres-[0-9]*;/postgres;/' -e '/^swapper-/d' -e '/^perf-/d' >"$work/folded"
inferno-flamegraph --title "$title" --minwidth 0.15 --hash <"$work/folded" >"$out"
echo "$out: $(wc -l <"$work/folded") stacks"
