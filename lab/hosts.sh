# shellcheck shell=bash
# The Cinder hosts, as an operator left them before replication, and plain SSH hosts for load.
# Sourced by lab.sh.

CINDER_HOSTS=(cinder-a cinder-b)

up_ssh_room() { # ROOM
    start_room "$1"
    start_sshd "$1"
}

load_hosts() {  # COUNT: their names
    local i
    for ((i = 1; i <= $1; i++)); do printf 'load-%02d\n' "$i"; done
}

cinder_files() {        # HOST
    local host=$1 room=$ROOMS/$1
    bare || cinder_ceph_files "$room"
    [ -e "$room/etc/lab-configured" ] && return 0
    { "${host//-/_}_conf"; } | write_file "$room/etc/cinder/cinder.conf" root:cinder 640
    cinder_unit >"$room/etc/systemd/system/cinder-volume.service"
    mkdir -p "$room/etc/systemd/system/multi-user.target.wants"
    ln -sf ../cinder-volume.service "$room/etc/systemd/system/multi-user.target.wants/"
    touch "$room/etc/lab-configured"
}

# The confs of both clusters and client.cinder's keys; never an admin's. Written once, so that
# what is taken away from a host stays away.
cinder_ceph_files() {   # FILES
    local site name
    [ -e "$1/etc/lab-ceph-files" ] && return 0
    for site in "${SITES[@]}"; do
        name=ceph
        [ "$site" = primary ] || name=$site
        printf '[global]\nfsid = %s\nmon_host = [v2:%s:3300,v1:%s:6789]\n' "$(fsid_of "$site")" \
            "$(address "ceph-$site")" "$(address "ceph-$site")" |
            write_file "$1/etc/ceph/$name.conf" root:root 644
        cinder_user "$site" | write_file "$1/etc/ceph/$name.client.cinder.keyring" root:cinder 640
        grep -q 'key = ' "$1/etc/ceph/$name.client.cinder.keyring" ||
            die "ceph $site: gave no key for client.cinder" "npm run lab -- up"
    done
    touch "$1/etc/lab-ceph-files"
}

# The stand-in systemctl does not know '~' nor CacheDirectory=; the rest is the package's unit.
cinder_unit() {
    sed 's|^WorkingDirectory=~|WorkingDirectory=/var/lib/cinder|' \
        /lib/systemd/system/cinder-volume.service
}

# Two operators' hands: comments, foreign options and every spelling that oslo.config reads.
cinder_a_conf() {
    cat <<X
# /etc/cinder/cinder.conf on cinder-a
# Storage team: ask in #storage before you touch this file.

[DEFAULT]
host = cinder-a
enabled_backends = ceph
$(cinder_service_options | sed -n '1,/^$/p')
# noisy libraries, change 4711
default_log_levels = amqp=WARN, amqplib=WARN, sqlalchemy=WARN,
    oslo.messaging=INFO, oslo_messaging=INFO,
    iso8601=WARN
debug: false

;  --- the cluster in Paris ---
[ceph]
volume_driver=cinder.volume.drivers.rbd.RBDDriver
volume_backend_name =   ceph
rbd_pool = volumes
rbd_user = cinder   
rbd_ceph_conf = /etc/ceph/ceph.conf
rbd_secret_uuid = $(cat "$LAB/secret-uuid/primary")
# flattening was too slow at 0
rbd_max_clone_depth : 5
# rbd_exclusive_cinder_pool = true

$(cinder_service_options | sed '1,/^$/d')

[nova]
# not ours: the compute team's deployment tool writes this section
interface = internal
X
}

cinder_b_conf() {
    # no newline at the end
    printf '%s' "$(
        cat <<X
[DEFAULT]
host=cinder-b
$(cinder_service_options | sed -n '1,/^$/p')
enabled_backends=ceph

$(cinder_service_options | sed '1,/^$/d')

[ceph]
# keep in step with cinder-a
volume_backend_name=ceph
volume_driver=cinder.volume.drivers.rbd.RBDDriver
rbd_ceph_conf=/etc/ceph/ceph.conf
rbd_pool=volumes
rbd_user=cinder
rbd_secret_uuid=$(cat "$LAB/secret-uuid/primary")
report_discard_supported=true
X
    )"
}

cinder_volume_pids() {  # HOST: as this machine counts
    running "$1" && pids_in "$1" -f bin/cinder-volume
}

start_cinder_volume() { # HOST
    cinder_volume_pids "$1" >/dev/null && return 0
    inside "$1" systemctl start cinder-volume.service </dev/null \
        >>"$LAB/log/room-$1.log" 2>&1 || true
    wait_for 20 "$1: cinder-volume" cinder_volume_pids "$1"
    say "$1: cinder-volume started"
}

# The first time, cinder-b comes after the plain volume, so that it stands on cinder-a.
up_cinder() {
    local host
    for host in "${CINDER_HOSTS[@]}"; do cinder_files "$host"; done
    start_cinder_volume cinder-a
    # without a pool its backend is 'down' until `pulumi up` has made one
    if ! bare && [ ! -e "$ROOMS/controller/var/lib/plain-volume-made" ]; then
        openstack_setup plain-volume cinder-a ||
            die "cinder-a: the plain volume could not be made" \
                "see $ROOMS/cinder-a/var/log/cinder/cinder-volume.log"
        touch "$ROOMS/controller/var/lib/plain-volume-made"
        say "cinder-a: the volume 'plain' is there, not replicated"
    fi
    start_cinder_volume cinder-b
}
