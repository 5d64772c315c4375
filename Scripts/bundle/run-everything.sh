#!/bin/sh
# Measures all that a machine can say, and packs it into one file to bring back.
#
# Usage: run-everything.sh [--quick] [FOLDER]
#
# FOLDER is made where it is missing: ./invbench-HOST-DATE by default. Half an hour on eight cores, longer on more, since the
# ladder grows; with --quick a few minutes, for figures that say less. What was measured is kept, whatever ends it.
set -eu
quick=false
if [ "${1-}" = --quick ]; then
    quick=true
    shift
fi
case ${1-} in
    -*) echo "run-everything.sh: unknown option $1: there is --quick, and a folder" >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd -P)
folder=${1-invbench-$(uname -n)-$(date -u +%Y-%m-%dT%H-%M-%SZ)}
mkdir -p "$folder"
cores=$(grep -c '^processor' /proc/cpuinfo)

# 1, 2, 4, .. up to the cores, the cores themselves, and twice as many, at most 256.
ladder=1
count=2
while [ "$count" -lt "$cores" ] && [ "$count" -le 256 ]; do
    ladder=$ladder,$count
    count=$((count * 2))
done
for last in "$cores" $((cores * 2)); do
    [ "$last" -gt 256 ] || [ "$last" -le 1 ] || ladder=$ladder,$last
done

step() {
    name=$1
    shift
    echo "== $name: invbench $*"
    status=0
    "$here/invbench" "$@" >"$folder/$name.txt" || status=$?
    # A stale translation (3), results that could not be written (5) and interruptions end it; doctor says 1 by its findings.
    case $status in
        0 | 1 | 4) ;;
        *) echo "run-everything.sh: invbench $* ended with code $status; what there is lies in $folder" >&2; exit "$status" ;;
    esac
}

"$here/invbench" --version >"$folder/version.txt"
step doctor doctor
step topology topology
if $quick; then
    step quick --benchmark_filter='/(calm|storm)/faulters:1/' --benchmark_repetitions=6 --benchmark_min_time=0.01 \
        --results "$folder/results"
    step ladder --guard adaptive,interval,striped --scenario storm --faulters "$ladder" --benchmark_repetitions=6 \
        --benchmark_min_time=0.01 --results "$folder/results"
else
    step standard --profile standard --results "$folder/results"
    step ladder --guard unprotected,mutex,stripe-mutex,kvm,interval,striped,asymmetric,restartable,adaptive \
        --scenario calm,steady,storm --faulters "$ladder" --benchmark_repetitions=12 --benchmark_min_time=0.1 \
        --results "$folder/results"
fi
"$here/invbench" report "$folder"/results/*/*.json --output "$folder/report.html"
tar -czf "$folder.tar.gz" -C "$(dirname "$folder")" "$(basename "$folder")"
echo "bring back $folder.tar.gz"
