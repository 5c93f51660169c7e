# shellcheck shell=bash
# The two Ceph clusters: one room each, with a mon, a mgr, an OSD on a sparse file and an
# rbd-mirror, run through Debian's own unit files, so that `systemctl stop ceph-rbd-mirror@…`
# over SSH does what it does on a real admin host. Sourced by lab.sh.

SITES=(primary secondary)
CEPH_DAEMONS=(mon mgr osd mirror)       # in the order they are started
OSD_BYTES=$((6 << 30))

ceph_() { local site=$1; shift; inside "ceph-$site" timeout 60 ceph --connect-timeout 20 "$@"; }
rbd_() { local site=$1; shift; inside "ceph-$site" timeout 60 rbd "$@"; }

unit() {        # SITE DAEMON
    case $2 in
        mon) echo ceph-mon@a.service ;;
        mgr) echo ceph-mgr@x.service ;;
        osd) echo ceph-osd@0.service ;;
        mirror) echo "ceph-rbd-mirror@rbd-mirror.$1.service" ;;
    esac
}

# The stand-in systemctl does not expand a template's %i: every instance gets a file of its own.
write_unit() {  # ROOM UNIT
    local instance=${2#*@} etc=$ROOMS/$1/etc/systemd/system
    mkdir -p "$etc/multi-user.target.wants"
    sed "s/%i/${instance%.service}/g" "/lib/systemd/system/${2%%@*}@.service" >"$etc/$2"
    # the stand-in's is-active says 'unknown' of a unit that is not enabled
    ln -sf "../$2" "$etc/multi-user.target.wants/$2"
}

binary() { [ "$1" = mirror ] && echo rbd-mirror || echo "ceph-$1"; }

daemon_pid() {  # SITE DAEMON: its pid as this machine counts
    running "ceph-$1" && pids_in "ceph-$1" -x "$(binary "$2")"
}

start_daemon() {        # SITE DAEMON
    local site=$1 daemon=$2
    daemon_pid "$site" "$daemon" >/dev/null && return 0
    inside "ceph-$site" systemctl start "$(unit "$site" "$daemon")" </dev/null \
        >>"$LAB/log/ceph-$site.log" 2>&1 || true
    # a daemon that cannot start is gone again within a moment
    wait_for 30 "ceph $site: $daemon" daemon_pid "$site" "$daemon"
    say "ceph $site: $daemon started"
}

# ---- making a cluster -------------------------------------------------------
write_ceph_conf() {     # SITE FSID
    local at
    at=$(address "ceph-$1")
    cat >"$ROOMS/ceph-$1/etc/ceph/ceph.conf" <<X
# the $1 cluster of the lab
[global]
fsid = $2
mon_host = [v2:$at:3300,v1:$at:6789]
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
# one OSD: one copy
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_allow_pool_delete = true
mon_warn_on_pool_no_redundancy = false
# a shared disk is nobody's alarm here
mon_data_avail_warn = 3
mon_data_avail_crit = 1

[mon]
paxos_propose_interval = 0.05
paxos_min_wait = 0.01

[mgr]
# not in [global]: a mon that sees public_addr forgets the ports of mon_host
public_addr = $at
# all but the always-on ones, whose absence is a HEALTH_ERR; halves a mgr's memory
mgr_disabled_modules = alerts,cephadm,dashboard,diskprediction_local,influx,insights,iostat,k8sevents,localpool,mirroring,nfs,osd_perf_query,osd_support,prometheus,restful,rook,selftest,snap_schedule,stats,telegraf,test_orchestrator,zabbix
# a restarted rbd-mirror leaves its old self in the service map, and so the pool's
# daemon_health in WARNING, until this runs out (default: 60)
mgr_service_beacon_grace = 8
mgr_stats_period = 1

[osd]
public_addr = $at
cluster_addr = $at
osd_objectstore = bluestore
bluestore_block_size = $OSD_BYTES
bluestore_cache_autotune = false
bluestore_cache_size = 67108864
osd_memory_target = 939524096
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 1

[client.rbd-mirror.$1]
# notice new peers, pools and images within seconds (default: 30)
rbd_mirror_pool_replayers_refresh_interval = 5
rbd_mirror_image_state_check_interval = 5
X
    ! brisk || cat >>"$ROOMS/ceph-$1/etc/ceph/ceph.conf" <<X
# see what was written, and confirm it, within a second (default: 5 each)
rbd_mirror_journal_poll_age = 1
rbd_mirror_journal_commit_age = 1
X
}

new_key() {     # KEYRING OWNER ENTITY CAPS...: with its caps for the mon, without for its owner
    local file=$1 owner=$2 entity=$3 keys=$1.keys key cap
    shift 3
    keys=${KEYS:?}
    key=$(ceph-authtool --gen-print-key)
    install -D -m 600 -o "$owner" -g "$owner" /dev/null "$file"
    printf '[%s]\n\tkey = %s\n' "$entity" "$key" | tee -a "$keys" >"$file"
    for cap; do printf '\tcaps %s = "%s"\n' "${cap%%=*}" "${cap#*=}" >>"$keys"; done
}

make_keys() {   # SITE: every key a cluster needs before it can be asked for keys
    local room=$ROOMS/ceph-$1
    KEYS=$room/var/lib/ceph/tmp/keys
    install -d -o ceph -g ceph "$room/var/lib/ceph/tmp"
    install -m 600 -o ceph -g ceph /dev/null "$KEYS"
    new_key "$room/var/lib/ceph/tmp/mon" ceph mon. 'mon=allow *'
    new_key "$room/etc/ceph/ceph.client.admin.keyring" root client.admin \
        'mon=allow *' 'mgr=allow *' 'osd=allow *' 'mds=allow *'
    new_key "$room/var/lib/ceph/mgr/ceph-x/keyring" ceph mgr.x \
        'mon=allow profile mgr' 'osd=allow *' 'mds=allow *'
    new_key "$room/var/lib/ceph/osd/ceph-0/keyring" ceph osd.0 \
        'mon=allow profile osd' 'mgr=allow profile osd' 'osd=allow *'
}

clear_site() {  # SITE: what a broken start left
    local site=$1 daemon pid
    for daemon in "${CEPH_DAEMONS[@]}"; do
        ! pid=$(daemon_pid "$site" "$daemon") || kill -KILL "$pid"
    done
    rm -rf "$ROOMS/ceph-$site"/var/lib/ceph/{mon,mgr,osd,tmp} "$ROOMS/ceph-$site"/etc/ceph/*
}

make_site() {   # SITE
    local site=$1 room=$ROOMS/ceph-$1 at daemon fsid osd log=$LAB/log/ceph-$1.log
    clear_site "$site"
    at=$(address "ceph-$site")
    fsid=$(cat /proc/sys/kernel/random/uuid)
    osd=$(cat /proc/sys/kernel/random/uuid)
    install -d -o ceph -g ceph "$room"/var/lib/ceph/{mon,mgr,osd}
    install -d -o ceph -g ceph "$room"/var/lib/ceph/{mon/ceph-a,mgr/ceph-x,osd/ceph-0}
    write_ceph_conf "$site" "$fsid"
    for daemon in "${CEPH_DAEMONS[@]}"; do
        write_unit "ceph-$site" "$(unit "$site" "$daemon")"
    done
    make_keys "$site"
    {
        inside "ceph-$site" monmaptool --create --fsid "$fsid" --set-min-mon-release 16 \
            --addv a "[v2:$at:3300,v1:$at:6789]" /var/lib/ceph/tmp/monmap
        inside "ceph-$site" ceph-mon --id a --mkfs --monmap /var/lib/ceph/tmp/monmap \
            --keyring /var/lib/ceph/tmp/keys --setuser ceph --setgroup ceph
    } </dev/null >>"$log" 2>&1 || die "ceph $site: the mon could not be made" "see $log"
    start_daemon "$site" mon
    start_daemon "$site" mgr
    {
        ceph_ "$site" osd new "$osd" 0
        inside "ceph-$site" ceph-osd --id 0 --mkfs --osd-uuid "$osd" \
            --setuser ceph --setgroup ceph
    } </dev/null >>"$log" 2>&1 || die "ceph $site: the OSD could not be made" "see $log"
    rm -rf "$room/var/lib/ceph/tmp"
    touch "$room/var/lib/ceph/made"
}

up_site() {     # SITE: its mon, mgr and OSD
    local site=$1 daemon
    start_room "ceph-$site"
    start_sshd "ceph-$site"
    [ -e "$ROOMS/ceph-$site/var/lib/ceph/made" ] || make_site "$site"
    for daemon in mon mgr osd; do start_daemon "$site" "$daemon"; done
}

fsid_of() { sed -n 's/^fsid = //p' "$ROOMS/ceph-$1/etc/ceph/ceph.conf"; }
