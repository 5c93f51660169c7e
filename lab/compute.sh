# shellcheck shell=bash
# The compute host, made by `up --nova`: Nova with its fake virt driver, Placement, Glance, and a
# stand-in for Neutron, all in one room. The driver keeps no disk and no guest; what Nova, Cinder
# and their attachments say of each other is real. Sourced by lab.sh.

COMPUTE=compute-a
NOVA_PACKAGES=(nova-api nova-conductor nova-scheduler placement-api glance-api)
NOVA_PASSWORDS=(nova placement glance nova-db placement-db glance-db)
NOVA_PARTS=(neutron placement glance nova-conductor nova-scheduler nova-api nova-compute)

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
    local line
    start_room "$COMPUTE"
    start_sshd "$COMPUTE"
    compute_files
    nova_databases
    nova_services_registered
    {
        declare -f compute_main spawn alive wait_until start_uwsgi as make_nova_tables
        echo compute_main
    } | inside "$COMPUTE" bash -euo pipefail |
        while read -r line; do say "$COMPUTE: $line"; done ||
        die "$COMPUTE: did not come up" "see $ROOMS/$COMPUTE/var/log/lab/ and /var/log/nova/ there"
    openstack_setup compute "$COMPUTE" ||
        die "$COMPUTE: Nova does not know its compute host" "npm run lab -- up"
    say "$COMPUTE: Nova answers"
}

# ---- files ------------------------------------------------------------------
nova_auth() {   # USER
    cat <<X
auth_type = password
auth_url = http://127.0.0.1:5000
username = $1
password = $(password "$1")
project_name = service
user_domain_name = Default
project_domain_name = Default
X
}

compute_files() {
    local room=$ROOMS/$COMPUTE name
    [ -e "$room/etc/lab-configured" ] && return 0
    nova_conf | write_file "$room/etc/nova/nova.conf" root:nova 640
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
    install -d -o nova -g nova "$room/var/lib/nova/instances"
    touch "$room/etc/lab-configured"
}

nova_conf() {
    cat <<X
[DEFAULT]
my_ip = 127.0.0.1
host = $COMPUTE
state_path = /var/lib/nova
lock_path = /run/lock/nova
log_dir = /var/log/nova
transport_url = rabbit://cinder:$(password rabbit)@127.0.0.1:5672/
compute_driver = fake.FakeDriver
# the driver forgets its servers at a restart: bring them back, and never stop them in the database
resume_guests_state_on_host_boot = true
sync_power_state_interval = -1
heal_instance_info_cache_interval = -1
shelved_offload_time = 0
block_device_allocate_retries_interval = 1
[api]
auth_strategy = keystone
[api_database]
connection = mysql+pymysql://nova:$(password nova-db)@127.0.0.1/nova_api
[database]
connection = mysql+pymysql://nova:$(password nova-db)@127.0.0.1/nova
[conductor]
workers = 1
[scheduler]
workers = 1
[vnc]
enabled = false
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:5000
$(nova_auth nova)
[service_user]
send_service_user_token = true
$(nova_auth nova)
[placement]
region_name = RegionOne
$(nova_auth nova)
[glance]
region_name = RegionOne
[cinder]
os_region_name = RegionOne
$(nova_auth nova)
[neutron]
endpoint_override = http://127.0.0.1:9696
$(nova_auth nova)
X
}

placement_conf() {
    cat <<X
[api]
auth_strategy = keystone
[placement_database]
connection = mysql+pymysql://placement:$(password placement-db)@127.0.0.1/placement
[keystone_authtoken]
$(nova_auth placement)
X
}

glance_conf() {
    cat <<X
[DEFAULT]
enabled_backends = file:file
[database]
connection = mysql+pymysql://glance:$(password glance-db)@127.0.0.1/glance
[glance_store]
default_backend = file
[file]
filesystem_store_datadir = /var/lib/glance/images
[paste_deploy]
flavor = keystone
[oslo_concurrency]
lock_path = /run/lock/glance
[keystone_authtoken]
$(nova_auth glance)
X
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

compute_main() {
    local hosts
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
    # The package nova-compute brings libvirt; its entry point is all that the fake driver needs.
    spawn nova-compute nova /usr/bin/python3 -c \
        'import sys; from nova.cmd.compute import main; sys.argv[0] = "nova-compute"; main()' \
        --config-file /etc/nova/nova.conf
    for _ in $(seq 60); do
        hosts=$(as nova nova-manage cell_v2 list_hosts 2>/dev/null)
        [[ $hosts != *compute-a* ]] || break
        as nova nova-manage cell_v2 discover_hosts >/dev/null 2>&1 || sleep 1
    done
}

compute_pids() {        # PART
    case $1 in
        neutron) pids_in "$COMPUTE" -f neutron-stand-in ;;
        placement | glance) pids_in "$COMPUTE" -f "uwsgi.*$1/lab.ini" ;;
        nova-api) pids_in "$COMPUTE" -f 'uwsgi.*nova/lab.ini' ;;
        nova-compute) pids_in "$COMPUTE" -f 'nova.cmd.compute' ;;
        *) pids_in "$COMPUTE" -f "bin/$1" ;;
    esac
}
