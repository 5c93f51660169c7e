# shellcheck shell=bash
# The compute hosts, made by `up --nova`: Nova with its fake virt driver, Placement, Glance, and a
# stand-in for Neutron in one room, and another room with a nova-compute alone, which may be lost.
# The driver keeps no disk and no guest; what Nova, Cinder and their attachments say of each other
# is real. Sourced by lab.sh.

COMPUTE=compute-a
COMPUTES=("$COMPUTE" compute-b)
NOVA_PACKAGES=(nova-api nova-conductor nova-scheduler placement-api glance-api)
NOVA_PASSWORDS=(nova placement glance nova-db placement-db glance-db)
NOVA_PARTS=(neutron placement glance nova-conductor nova-scheduler nova-api)

# Asked for once, the lab has it until 'reset'.
with_nova() { [ -e "$LAB/with-nova" ]; }

nova_debconf_answers() {
    local package
    for package in nova:nova-common:nova-api placement:placement-common:placement-api \
        glance:glance-common:glance-api; do
        IFS=: read -r prefix common api <<<"$package"
        printf '%s %s/configure_db boolean false\n%s %s/register-endpoint boolean false\n' \
            "$common" "$prefix" "$api" "$prefix"
    done
}

up_compute() {
    in_parallel up_compute_room "${COMPUTES[@]}"
    scan_rooms
    nova_services_files
    nova_databases
    nova_services_registered
    in_room "$COMPUTE" nova_main spawn alive wait_until start_uwsgi as make_nova_tables
    in_parallel up_nova_compute "${COMPUTES[@]}"
    in_room "$COMPUTE" hosts_discovered as
    openstack_setup compute "${COMPUTES[@]}" ||
        die "$COMPUTE: Nova does not know its compute hosts" "npm run lab -- up"
    say "$COMPUTE: Nova answers"
}

up_compute_room() {     # COMPUTE
    start_room "$1"
    scan_rooms
    start_sshd "$1"
    [ -e "$ROOMS/$1/etc/nova/lab-host" ] && return 0
    nova_conf "$1" | write_file "$ROOMS/$1/etc/nova/nova.conf" root:nova 640
    install -d -o nova -g nova "$ROOMS/$1/var/lib/nova/instances"
    touch "$ROOMS/$1/etc/nova/lab-host"
}

up_nova_compute() {     # COMPUTE
    in_room "$1" nova_compute_main spawn alive
}

in_room() {     # ROOM FUNCTION NEEDED-FUNCTION...
    local room=$1 line
    {
        declare -f "${@:2}"
        printf '%s %s\n' "$2" "$(printf '%q ' "${COMPUTES[@]}")"
    } | inside "$room" bash -euo pipefail |
        while read -r line; do say "$room: $line"; done ||
        die "$room: did not come up" "see $ROOMS/$room/var/log/lab/ and /var/log/nova/ there"
}

# ---- files ------------------------------------------------------------------
nova_services_files() {
    local room=$ROOMS/$COMPUTE name
    [ -e "$room/etc/lab-configured" ] && return 0
    placement_conf | write_file "$room/etc/placement/placement.conf" root:placement 640
    glance_conf | write_file "$room/etc/glance/glance-api.conf" root:glance 640
    for name in nova placement glance; do
        # processes of their own for Nova's greenlets; threads for the others
        lean_ini "$name" <"$room/etc/$name/$name-api-uwsgi.ini" |
            sed '/^logto/d; s/^master = .*/&\nadd-header = Connection: close/' \
                >"$room/etc/$name/lab.ini"
    done
    sed -i 's/^threads = .*/threads = 1/' "$room/etc/nova/lab.ini"
    install -m 755 "$HERE/neutron_stand_in.py" "$room/usr-local/bin/neutron-stand-in"
    install -d -o glance -g glance "$room/var/lib/glance/images"
    touch "$room/etc/lab-configured"
}

# ---- what the controller keeps for it ---------------------------------------
nova_databases() {
    [ -e "$ROOMS/controller/var/lib/nova-databases" ] && return 0
    local database user
    for database in nova_api nova nova_cell0 placement glance; do
        user=${database%%_*}
        printf "create database if not exists %s;\n" "$database"
        printf "create or replace user '%s'@'127.0.0.1' identified by '%s';\n" \
            "$user" "$(password "$user-db")"
    done | inside controller mariadb
    for database in nova_api nova nova_cell0 placement glance; do
        printf "grant all on %s.* to '%s'@'127.0.0.1';\n" "$database" "${database%%_*}"
    done | inside controller mariadb
    touch "$ROOMS/controller/var/lib/nova-databases"
}

nova_services_registered() {
    [ -e "$ROOMS/controller/var/lib/nova-registered" ] && return 0
    install -d -m 700 "$ROOMS/controller/root/passwords"
    install -m 600 -t "$ROOMS/controller/root/passwords" "$LAB"/passwords/{nova,placement,glance}
    openstack_setup register-nova || die "controller: Keystone refused Nova's service entries" \
        "run 'npm run lab -- up' again"
    touch "$ROOMS/controller/var/lib/nova-registered"
    say "controller: nova, placement and glance registered in Keystone"
}

# ---- inside the room --------------------------------------------------------
make_nova_tables() {
    [ -e /var/lib/tables-made ] && return 0
    local connection cells
    connection=$(sed -n '/^\[api_database\]/,/^\[/s/^connection = //p' /etc/nova/nova.conf)
    as placement placement-manage db sync &
    local placement=$!
    as glance glance-manage db_sync &
    local glance=$!
    as nova nova-manage api_db sync
    as nova nova-manage cell_v2 map_cell0 --database_connection "${connection%_api}_cell0"
    # not through a pipe: grep -q would end it early, and pipefail take that for an error
    cells=$(as nova nova-manage cell_v2 list_cells)
    [[ $cells == *' cell1 '* ]] || as nova nova-manage cell_v2 create_cell --name cell1
    as nova nova-manage db sync
    wait $placement
    wait $glance
    touch /var/lib/tables-made
}

nova_main() {
    make_nova_tables >>/var/log/lab/tables.out 2>&1
    echo "tables are there"
    spawn neutron nova /usr/bin/python3 /usr/local/bin/neutron-stand-in
    spawn nova-conductor nova nova-conductor --config-file /etc/nova/nova.conf
    spawn nova-scheduler nova nova-scheduler --config-file /etc/nova/nova.conf
    start_uwsgi placement placement 8778 /etc/placement/lab.ini / &
    local placement=$!
    start_uwsgi glance glance 9292 /etc/glance/lab.ini /healthcheck &
    local glance=$!
    start_uwsgi nova-api nova 8774 /etc/nova/lab.ini /
    wait $placement
    wait $glance
}

# The package nova-compute brings libvirt; its entry point is all that the fake driver needs.
nova_compute_main() {
    spawn nova-compute nova /usr/bin/python3 -c \
        'import sys; from nova.cmd.compute import main; sys.argv[0] = "nova-compute"; main()' \
        --config-file /etc/nova/nova.conf
}

hosts_discovered() {    # COMPUTE...
    local hosts host missing
    for _ in $(seq 60); do
        hosts=$(as nova nova-manage cell_v2 list_hosts 2>/dev/null)
        missing=
        for host; do [[ $hosts == *" $host "* ]] || missing=$host; done
        [ -n "$missing" ] || return 0
        as nova nova-manage cell_v2 discover_hosts >/dev/null 2>&1 || sleep 1
    done
}

compute_pids() {        # PART
    case $1 in
        neutron) pids_in "$COMPUTE" -f neutron-stand-in ;;
        placement | glance) pids_in "$COMPUTE" -f "uwsgi.*$1/lab.ini" ;;
        nova-api) pids_in "$COMPUTE" -f 'uwsgi.*nova/lab.ini' ;;
        *) pids_in "$COMPUTE" -f "bin/$1" ;;
    esac
}

nova_compute_pids() { pids_in "$1" -f nova.cmd.compute; }      # COMPUTE
