# shellcheck shell=bash
# What an operator does on two bare clusters before Cinder can replicate: pool, mirroring
# mode, users, peers, rbd-mirror. Apart from ceph.sh, which makes clusters that know nothing
# of it. Sourced by lab.sh.

POOL=volumes

up_mirroring() {
    local site fresh=()
    in_parallel make_pool "${SITES[@]}"
    join_sites
    for site in "${SITES[@]}"; do
        daemon_pid "$site" mirror >/dev/null && continue
        start_daemon "$site" mirror
        fresh+=("$site")
    done
    for site in ${fresh[@]+"${fresh[@]}"}; do
        wait_for 180 "ceph $site: rbd-mirror" mirror_is_ok "$site"
        say "ceph $site: mirroring OK"
    done
    # On a busy machine an OSD that was frozen has been seen to answer nobody for two minutes.
    [ -n "${THAWED:-}" ] || return 0
    for site in "${SITES[@]}"; do
        wait_for 240 "ceph $site: to take writes" takes_writes "$site"
        say "ceph $site: takes writes"
    done
}

takes_writes() {    # SITE
    inside "ceph-$1" sh -c "timeout 20 rados -p $POOL put lab-writes /dev/null && timeout 20 rados -p $POOL rm lab-writes" \
        </dev/null >/dev/null 2>&1
}

make_pool() {   # SITE: the pool, its mirroring mode, the users
    local site=$1 room=$ROOMS/ceph-$1 mark=$ROOMS/ceph-$1/var/lib/ceph/mirroring
    [ -e "$mark" ] && return 0
    {
        ceph_ "$site" osd pool create "$POOL" 8
        rbd_ "$site" pool init "$POOL"
        rbd_ "$site" mirror pool enable "$POOL" image --site-name "$site"
    } </dev/null >>"$LAB/log/ceph-$site.log" 2>&1 ||
        die "ceph $site: pool '$POOL' could not be made" "see $LAB/log/ceph-$site.log"
    mirror_user "$site" "$site" >"$room/etc/ceph/ceph.client.rbd-mirror.$site.keyring.new"
    chown root:ceph "$room/etc/ceph/ceph.client.rbd-mirror.$site.keyring.new"
    chmod 640 "$room/etc/ceph/ceph.client.rbd-mirror.$site.keyring.new"
    mv "$room/etc/ceph/ceph.client.rbd-mirror.$site.keyring"{.new,}
    cinder_user "$site" >/dev/null
    touch "$mark"
    say "ceph $site: pool '$POOL' and users made"
}

mirror_user() { # SITE NAME
    ceph_ "$1" auth get-or-create "client.rbd-mirror.$2" \
        mon 'profile rbd-mirror' osd 'profile rbd' </dev/null 2>/dev/null
}

cinder_user() {
    ceph_ "$1" auth get-or-create client.cinder mon 'profile rbd' \
        osd "profile rbd pool=$POOL" mgr "profile rbd pool=$POOL" </dev/null 2>/dev/null
}

has_peer() {
    rbd_ "$1" mirror pool info "$POOL" --format json </dev/null 2>/dev/null |
        grep -q '"peers":\[{'
}

join_sites() {  # one import makes each the other's peer; both ends are asked before
    local token log=$LAB/log/ceph-primary.log
    has_peer primary && has_peer secondary && return 0
    token=$(rbd_ primary mirror pool peer bootstrap create --site-name primary "$POOL" \
        </dev/null 2>>"$log")
    rbd_ secondary mirror pool peer bootstrap import --site-name secondary \
        --direction rx-tx "$POOL" - <<<"$token" >>"$log" 2>&1 ||
        die "ceph: the sites could not be made peers" "see $log"
    say "ceph: primary and secondary are peers, both ways"
}

mirror_is_ok() {
    rbd_ "$1" mirror pool status "$POOL" --format json </dev/null 2>/dev/null |
        grep -q '"daemon_health":"OK"'
}

# ---- with `up --mirrors`: a second rbd-mirror of each site, on a host of its own ----
MIRROR_HOSTS=("${SITES[@]/#/mirror-}")

up_second_mirror() {    # HOST
    local host=$1 site=${1#mirror-} user=rbd-mirror.$1 etc=$ROOMS/$1/etc/ceph
    local unit=ceph-rbd-mirror@$user.service
    [ -e "$etc/ceph.client.$user.keyring" ] || {
        sed "s/^\[client\.rbd-mirror\..*/[client.$user]/" "$ROOMS/ceph-$site/etc/ceph/ceph.conf" >"$etc/ceph.conf"
        write_unit "$host" "$unit"
        mirror_user "$site" "$host" | write_file "$etc/ceph.client.$user.keyring" root:ceph 640
    }
    pids_in "$host" -x rbd-mirror >/dev/null && return 0
    inside "$host" systemctl start "$unit" </dev/null >>"$LAB/log/room-$host.log" 2>&1 || true
    wait_for 30 "$host: rbd-mirror" pids_in "$host" -x rbd-mirror
    say "$host: a second rbd-mirror of $site started"
}
