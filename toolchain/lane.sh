#!/usr/bin/env bash
# lane.sh NAME COMMAND...: runs COMMAND in a copy of this checkout, with a loopback network and a lab of its own.
# Suites mostly wait for clusters and services, so several at once use two cores better than one after the other.
# There is no other network in a lane: packages and toolchain must be there, as they are once a lab has been up.
# lane.sh --check: 0 where this machine can have lanes, else 2 and why not.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name=$1
shift
lab=/var/lib/cinder-dr-lab
unshare --net --mount --pid --fork true 2>/dev/null || {
    printf 'lane %s: this machine must be allowed to make network namespaces\n' "$name" >&2
    exit 2
}
[ "$name" != --check ] || exit 0
copy=$(mktemp -d "${TMPDIR:-/tmp}/cinder-dr-lane-$name.XXXXXX")
mkdir "$copy/checkout"
# What is written meanwhile is a cache of something, and may be old, half there or gone (tar's 1).
tar -C "$project" --exclude=./.toolchain -cf - . 2>/dev/null | tar -C "$copy/checkout" -xf - || [ "${PIPESTATUS[*]}" = "1 0" ]
# It names the other lab, and is written with a lab.
rm -f "$copy/checkout/Pulumi.lab.yaml"
mkdir -p "$lab" "$lab.$name"

# The loopback is brought up without iproute2, which a small machine may lack: SIOCSIFFLAGS with IFF_UP.
work='
lab=$1; name=$2; shift 2
python3 -c "import fcntl, socket, struct; fcntl.ioctl(socket.socket(), 0x8914, struct.pack(\"16sh14x\", b\"lo\", 1))"
mount --bind "$lab.$name" "$lab"
mount -t tmpfs lane /run
code=0
"$@" || code=$?
npm run --silent lab -- reset >/dev/null || code=1
exit "$code"'
cd "$copy/checkout"
unshare --net --mount --propagation private --pid --fork --kill-child --mount-proc \
    bash -euo pipefail -c "$work" lane "$lab" "$name" "$@" </dev/null &
lane=$!
# unshare does not heed a signal while it waits; its child's end is the end of every process of the lane.
trap 'pkill -KILL -P "$lane" || true' INT TERM HUP
code=0
while kill -0 "$lane" 2>/dev/null; do
    code=0
    wait "$lane" || code=$?
done
cd /
rm -rf "$copy" "$lab.$name"
exit "$code"
