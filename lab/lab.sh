#!/usr/bin/env bash
# The lab's verbs; called by lab.mjs, which has the help text.
#   lab.sh VERB [WORD...]
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB=/var/lib/cinder-dr-lab
RUN=/run/cinder-dr-lab
ROOMS=$LAB/rooms
LOCK=$RUN/lock
# pyenv's python3 has neither rados nor openstack; Debian's has
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
umask 022
T0=${CINDER_DR_LAB_T0:-$(date +%s%3N)}

for part in machine rooms ceph mirroring controller hosts nova_conf compute; do
    # shellcheck source=/dev/null
    . "$HERE/$part.sh"
done

say() {
    local ms=$(($(date +%s%3N) - T0))
    printf '[%3d.%ds] lab: %s\n' $((ms / 1000)) $((ms / 100 % 10)) "$*"
}

die() {         # WHAT NEXT
    printf 'lab: error: %s\n     next: %s\n' "$1" "$2" >&2
    exit 1
}

wait_for() {    # SECONDS WHAT COMMAND...
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null; do
        [ $SECONDS -lt $end ] || die "$what: not ready in time" "see $LAB/log"
        sleep 0.2
    done
}

# Never in an 'if' nor before '||': bash would switch 'set -e' off inside.
in_parallel() { # FUNCTION WORD...
    local function=$1 word pid failed=0 pids=()
    shift
    for word; do
        "$function" "$word" &
        pids+=($!)
    done
    for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid" || failed=1; done
    [ $failed = 0 ] || exit 1
}

heartbeat() {   # WHAT COMMAND...: a line every 10 s while it runs
    local what=$1 pid second=0
    shift
    "$@" 9>&- &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.5
        second=$((second + 1))
        [ $((second % 20)) != 0 ] || say "$what"
    done
    wait "$pid"
}

# ---- the lock ---------------------------------------------------------------
lock() {
    while :; do
        mkdir -p "$RUN"
        exec 9>>"$LOCK"
        if ! flock -n 9; then
            say "another lab command runs (pid $(cat "$LOCK" 2>/dev/null || echo unknown)); waiting"
            flock 9
        fi
        # 'reset' takes the file away: a lock on a file without a name is worth nothing
        [ "$(stat -Lc %i /proc/self/fd/9)" = "$(stat -c %i "$LOCK" 2>/dev/null)" ] && break
    done
    echo $$ >"$LOCK"
}

# ---- ports ------------------------------------------------------------------
listening() {   # ADDRESS PORT: something listens there, or on every address
    local a b c d port exact
    IFS=. read -r a b c d <<<"$1"
    exact=$(printf '%02X%02X%02X%02X' "$d" "$c" "$b" "$a")
    port=$(printf '%04X' "$2")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk '$4 == "0A" { print $2 }' |
        grep -qE "^(0{8}|0{32}|$exact|0{16}FFFF0000$exact):$port$"
}

# Hosts listen on 22, unless this machine's own sshd has it on every address.
ssh_port() { echo "$SSH_PORT"; }

choose_ssh_port() {
    SSH_PORT=$(cat "$LAB/ssh/port" 2>/dev/null || echo 22)
    if [ "$SSH_PORT" = 22 ] && ! running cinder-a && listening 127.0.1.1 22; then
        SSH_PORT=2222
        say "this machine's own sshd has port 22 on every address: the lab's hosts use 2222"
    fi
}

refuse_taken_ports() {
    local room port taken=()
    # shellcheck disable=SC2046
    for room in controller "${SITES[@]/#/ceph-}" "${CINDER_HOSTS[@]}" $(! with_nova || echo "${COMPUTES[@]}"); do
        running "$room" && continue
        for port in $(ports_of "$room"); do
            ! listening "$(address "$room")" "$port" || taken+=("$(address "$room"):$port")
        done
    done
    [ ${#taken[@]} = 0 ] || die "ports taken by processes that are not the lab's: ${taken[*]}" \
        "find them with 'ss -ltnp' and stop them, e.g. a MariaDB or RabbitMQ of this machine"
}

ports_of() {
    case $1 in
        controller) echo 3306 4369 5672 25672 5000 8776 ;;
        ceph-*) echo 3300 6789 "$(ssh_port)" ;;
        compute-a) echo 8774 8778 9292 9696 "$(ssh_port)" ;;
        *) ssh_port ;;
    esac
}

# ---- verbs ------------------------------------------------------------------
up() {          # LOAD [nova] [bare] [mirrors] [brisk]: a bare lab leaves the Ceph side to `pulumi up`
    local load=${1:-0} words=" ${*:2} "
    require_machine
    lock
    scan_rooms
    thaw
    [[ $words != *" nova "* ]] || { mkdir -p "$LAB" && touch "$LAB/with-nova"; }
    [[ $words != *" brisk "* ]] || { mkdir -p "$LAB" && touch "$LAB/brisk"; }
    ! with_nova || PACKAGES+=("${NOVA_PACKAGES[@]}")
    choose_flavour "$([[ $words != *" bare "* ]] || echo bare)"
    ! [[ $words == *" mirrors "* ]] || ! bare || die "a second rbd-mirror needs a lab that is not bare" "npm run lab -- up"
    prepare
    up_clusters &
    local clusters=$!
    up_controller &
    local controller=$!
    # shellcheck disable=SC2046
    in_parallel up_ssh_room "${CINDER_HOSTS[@]}" $(load_hosts "$load") \
        $([[ $words != *" mirrors "* ]] || echo "${MIRROR_HOSTS[@]}")
    local failed=0
    wait $clusters || failed=1
    wait $controller || failed=1
    [ $failed = 0 ] || exit 1
    scan_rooms
    up_cinder
    [[ $words != *" mirrors "* ]] || in_parallel up_second_mirror "${MIRROR_HOSTS[@]}"
    ! with_nova || up_compute
    write_ssh_config
    date +%FT%TZ -u >"$LAB/up-since"
}

thaw() {        # what the verb 'stop' froze
    local room pid
    [ -e "$RUN/frozen" ] || return 0
    # A cluster that had been frozen for a minute took a write, and then answered nobody for a quarter of an hour: its mon,
    # mgr and OSD are started anew.
    for room in "${!ROOM_PID[@]}"; do
        for pid in $(pids_in "$room" -x ceph-mon) $(pids_in "$room" -x ceph-mgr) $(pids_in "$room" -x ceph-osd); do
            ! is_frozen "$pid" || kill -KILL "$pid"
        done
        # shellcheck disable=SC2046
        kill -CONT $(pids_in "$room" .) 2>/dev/null || true     # some are just killed
    done
    rm -f "$RUN/frozen"
    THAWED=yes
    say "frozen processes go on"
}

is_frozen() { [ "$(awk '{ print $3 }' "/proc/$1/stat")" = T ]; }  # PID

up_clusters() {
    in_parallel up_site "${SITES[@]}"
    scan_rooms
    if ! bare; then
        up_mirroring
        return
    fi
    local site
    for site in "${SITES[@]}"; do
        ! stack_made_mirror "$site" || start_daemon "$site" mirror
    done
}

# On a bare lab the daemon is the stack's: its keyring comes and goes with it.
stack_made_mirror() { [ -e "$ROOMS/ceph-$1/etc/ceph/ceph.client.rbd-mirror.$1.keyring" ]; }

# Of labs that are made; an rbd-mirror keeps the conf that it was started with.
brisk() { [ -e "$LAB/brisk" ]; }

bare() { [ "$(cat "$LAB/flavour" 2>/dev/null)" = bare ]; }

choose_flavour() {      # FLAVOUR or nothing
    local have
    have=$(cat "$LAB/flavour" 2>/dev/null || true)
    # a lab from before there were two
    [ -n "$have" ] || [ ! -e "$LAB/lab-id" ] || have=ready
    [ -z "$1" ] || [ -z "$have" ] || [ "$1" = "$have" ] ||
        die "this lab was made $have, got '$1'" "npm run lab -- reset --up$([ "$1" != bare ] || echo ' --bare')"
    mkdir -p "$LAB"
    echo "${have:-${1:-ready}}" >"$LAB/flavour"
}

prepare() {
    local site
    choose_ssh_port
    refuse_taken_ports
    mkdir -p "$LAB"/{log,ssh,secret-uuid,state}
    chmod 700 "$LAB/ssh" "$LAB/state"
    echo "$SSH_PORT" >"$LAB/ssh/port"
    install_packages
    fetch_systemctl
    make_passwords
    write_clouds_yaml
    [ -s "$LAB/lab-id" ] || cut -c1-8 /proc/sys/kernel/random/uuid >"$LAB/lab-id"
    [ -e "$LAB/ssh/id_ed25519.pub" ] || {
        rm -f "$LAB/ssh/id_ed25519"
        ssh-keygen -q -t ed25519 -N '' -C cinder-dr-lab -f "$LAB/ssh/id_ed25519"
    }
    for site in "${SITES[@]}"; do
        [ -s "$LAB/secret-uuid/$site" ] || cat /proc/sys/kernel/random/uuid >"$LAB/secret-uuid/$site"
    done
}

write_ssh_config() {
    local room
    : >"$LAB/ssh/known_hosts.new"
    {
        for room in $(made_rooms); do
            [ "$room" != controller ] || continue
            printf 'Host %s\n  HostName %s\n  User %s\n' "$room" "$(address "$room")" "$(login "$room")"
            known_host "$room" >>"$LAB/ssh/known_hosts.new"
        done
        printf 'Host *\n  Port %s\n  IdentityFile %s\n  IdentitiesOnly yes\n' \
            "$(ssh_port)" "$LAB/ssh/id_ed25519"
        printf '  UserKnownHostsFile %s\n  GlobalKnownHostsFile none\n' "$LAB/ssh/known_hosts"
    } >"$LAB/ssh/config.new"
    mv "$LAB/ssh/known_hosts.new" "$LAB/ssh/known_hosts"
    mv "$LAB/ssh/config.new" "$LAB/ssh/config"
}

known_host() {  # ROOM
    local names
    names=$1,$(address "$1")
    [ "$(ssh_port)" = 22 ] || names="[$1]:$(ssh_port),[$(address "$1")]:$(ssh_port)"
    printf '%s %s\n' "$names" \
        "$(cut -d' ' -f1,2 "$ROOMS/$1/etc/ssh/ssh_host_ed25519_key.pub")"
}

down() {
    lock
    stop_everything
    rm -f "$LAB/up-since"
    say "down: no process is left, the files stay"
    rm -rf "$RUN"
}

stop_everything() {
    local room first=() last=()
    scan_rooms
    # Cinder first: a cinder-volume without its database retries and logs
    for room in ${ROOM_PID[@]+"${!ROOM_PID[@]}"}; do
        case $room in cinder-* | compute-* | load-* | mirror-*) first+=("$room") ;; *) last+=("$room") ;; esac
    done
    in_parallel stop_room ${first[@]+"${first[@]}"}
    in_parallel stop_room ${last[@]+"${last[@]}"}
    kill_leftovers
    scan_rooms
    [ ${#ROOM_PID[@]} = 0 ] || die "still running: ${!ROOM_PID[*]}" "npm run lab -- down"
}

reset() {
    lock
    stop_everything
    allow_starts
    rm -rf "$RUN"
    # the folder itself may be a mount of a larger disk
    [ ! -e "$LAB" ] || find "$LAB/" -mindepth 1 -delete
    say "reset: no process and no file of the lab is left (Debian's packages stay installed)"
}

signal() {      # SIGNAL TARGET [PART]
    local signal=$1 target=$2 part=${3:-}
    scan_rooms
    case $target in primary | secondary) target=ceph-$target ;; esac
    running "$target" || die "must name a running host or site, got '$2'" "npm run lab -- status"
    if [ -n "$part" ]; then
        signal_part "$signal" "$target" "$part"
    elif [ "$signal" = KILL ]; then
        kill_room "$target"
    else
        # shellcheck disable=SC2046
        kill "-$signal" $(pids_in "$target" .)
    fi
    [ "$signal" = KILL ] || touch "$RUN/frozen"
    say "SIG$signal: $target${part:+ $part}"
}

signal_part() { # SIGNAL ROOM PART
    local part found='' pid parts=("$3")
    [ "$3" != ceph ] || parts=("${CEPH_DAEMONS[@]}")
    for part in "${parts[@]}"; do found+=" $(part_pids "$2" "$part" || true)"; done
    [ -n "${found// /}" ] || die "$2: $3 does not run" "npm run lab -- status"
    # shellcheck disable=SC2086
    kill "-$1" $found
    [ "$1" = KILL ] || return 0
    for pid in $found; do wait_for 10 "$2: $3 ends" gone "$pid"; done
}

part_pids() {   # ROOM PART
    case $2 in
        sshd) pids_in "$1" -x sshd ;;
        cinder-volume) pids_in "$1" -f bin/cinder-volume ;;
        *) pids_in "$1" -x "$(binary "$2")" ;;
    esac
}

gone() { [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }

status() {      # lines of: host part address pid MiB
    local room site daemon
    scan_rooms
    for room in $(made_rooms); do
        status_line "$room" host "${ROOM_PID[$room]:-}"
    done
    for site in "${SITES[@]}"; do
        for daemon in "${CEPH_DAEMONS[@]}"; do
            [ "$daemon" != mirror ] || ! bare || stack_made_mirror "$site" || continue
            status_line "ceph-$site" "$daemon" "$(daemon_pid "$site" "$daemon" || true)"
        done
    done
    for room in "${MIRROR_HOSTS[@]}"; do
        [ ! -e "$ROOMS/$room" ] || status_line "$room" mirror "$(pids_in "$room" -x rbd-mirror || true)"
    done
    for room in "${CINDER_HOSTS[@]}"; do
        # shellcheck disable=SC2046
        status_line "$room" cinder-volume $(cinder_volume_pids "$room" || true)
    done
    status_controller
    ! with_nova || status_compute
}

status_compute() {
    local part room
    for part in "${NOVA_PARTS[@]}"; do
        # shellcheck disable=SC2046
        status_line "$COMPUTE" "$part" $(compute_pids "$part" || true)
    done
    for room in "${COMPUTES[@]}"; do
        # shellcheck disable=SC2046
        status_line "$room" nova-compute $(nova_compute_pids "$room" || true)
    done
}

status_controller() {
    local part
    for part in mariadbd beam.smp keystone cinder-api cinder-scheduler; do
        # shellcheck disable=SC2046
        status_line controller "$part" $(controller_pids "$part" || true)
    done
}

controller_pids() {     # PART
    case $1 in
        keystone) pids_in controller -f 'uwsgi.*keystone/lab.ini' ;;
        cinder-api) pids_in controller -f 'uwsgi.*cinder/lab.ini' ;;
        *) pids_in controller -f "$1" ;;
    esac
}

status_line() { # ROOM PART PID...
    local room=$1 part=$2 pid total=0 kib
    shift 2
    for pid; do
        kib=$(awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null || true)
        total=$((total + ${kib:-0}))
    done
    printf '%s\t%s\t%s\t%s\t%s\n' "$room" "$part" "$(address "$room")" "${1:-}" $((total / 1024))
}

case ${1:-} in
    up | down | reset | status | signal)
        verb=$1
        shift
        "$verb" "$@"
        ;;
    *) die "must be a verb of lab.mjs, got '${1:-}'" "npm run lab -- --help" ;;
esac
