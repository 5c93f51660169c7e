# shellcheck shell=bash
# The room with what a cloud has once: MariaDB, RabbitMQ, Keystone, cinder-api and
# cinder-scheduler. Sourced by lab.sh; the functions below `inside_controller` run in the room.

up_controller() {
    local line
    start_room controller
    controller_files
    if ! controller_answers; then
        {
            declare -f controller_main spawn alive wait_until start_mariadb start_rabbit \
                make_databases start_uwsgi make_keystone as
            echo controller_main
        } | inside controller bash -euo pipefail |
            while read -r line; do say "controller: $line"; done ||
            die "controller: did not come up" "see $ROOMS/controller/var/log/lab/"
    fi
    register_services
}

controller_answers() {
    local port
    for port in 3306 5672 5000 8776; do answers 127.0.0.1 $port || return 1; done
    [ -e "$ROOMS/controller/var/lib/databases-made" ] &&
        pids_in controller -f bin/cinder-scheduler >/dev/null
}

password() { cat "$LAB/passwords/$1"; }

make_passwords() {
    local name
    install -d -m 700 "$LAB/passwords"
    for name in admin cinder keystone-db cinder-db rabbit passphrase $(
        ! with_nova || echo "${NOVA_PASSWORDS[@]}"
    ); do
        [ -s "$LAB/passwords/$name" ] && continue
        (umask 077; head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$LAB/passwords/$name.new")
        mv "$LAB/passwords/$name"{.new,}
    done
}

write_file() {  # FILE OWNER:GROUP MODE, content on stdin; whole or not at all
    install -m 600 /dev/null "$1.new"
    cat >"$1.new"
    chown "$2" "$1.new"
    chmod "$3" "$1.new"
    mv "$1.new" "$1"
}

controller_files() {
    local room=$ROOMS/controller
    [ -e "$room/etc/lab-configured" ] && return 0
    write_file "$room/etc/keystone/keystone.conf" root:keystone 640 <<X
[DEFAULT]
log_dir = /var/log/keystone
[database]
connection = mysql+pymysql://keystone:$(password keystone-db)@127.0.0.1/keystone
[token]
provider = fernet
[identity]
# Every command signs in: bcrypt's 12 rounds and the catalog read anew were a third of all that the machine computed.
password_hash_rounds = 4
[cache]
enabled = true
backend = oslo_cache.dict
X
    {
        echo '[DEFAULT]'
        cinder_service_options
    } | write_file "$room/etc/cinder/cinder.conf" root:cinder 640
    write_file "$room/etc/rabbitmq/rabbitmq.conf" root:rabbitmq 640 <<X
listeners.tcp.1 = 127.0.0.1:5672
default_user = cinder
default_pass = $(password rabbit)
X
    : >"$room/etc/rabbitmq/enabled_plugins"
    write_file "$room/root/databases.sql" root:root 600 <<X
drop database if exists keystone;
drop database if exists cinder;
create database keystone;
create database cinder;
create or replace user 'keystone'@'127.0.0.1' identified by '$(password keystone-db)';
create or replace user 'cinder'@'127.0.0.1' identified by '$(password cinder-db)';
grant all on keystone.* to 'keystone'@'127.0.0.1';
grant all on cinder.* to 'cinder'@'127.0.0.1';
X
    install -m 600 "$LAB/passwords/admin" "$room/root/admin-password"
    # One process, for it is the only one that knows what its cache holds.
    lean_ini keystone <"$room/etc/keystone/keystone-uwsgi.ini" | sed 's/^processes = .*/processes = 1/' \
        >"$room/etc/keystone/lab.ini"
    # No threads: eventlet's locks do not hold across them, and one after the other waits for ever (seen with 8 under load).
    lean_ini cinder <"$room/etc/cinder/cinder-api-uwsgi.ini" |
        sed 's/^processes = .*/processes = 6/; s/^threads = .*/threads = 1/' >"$room/etc/cinder/lab.ini"
    touch "$room/etc/lab-configured"
}

lean_ini() {    # the package's, for a machine of two cores and without apparmor
    sed -e 's/^processes = .*/processes = 2/; s/^threads = .*/threads = 8/' \
        -e 's/^plugins = .*/plugins = python3/; /^apparmor-profile/d; /^uid =/d; /^gid =/d'
}

cinder_service_options() {      # what every Cinder service of this cloud must agree on
    cat <<X
auth_strategy = keystone
transport_url = rabbit://cinder:$(password rabbit)@127.0.0.1:5672/
osapi_volume_workers = 1

[database]
connection = mysql+pymysql://cinder:$(password cinder-db)@127.0.0.1/cinder

[keystone_authtoken]
auth_type = password
auth_url = http://127.0.0.1:5000
www_authenticate_uri = http://127.0.0.1:5000
username = cinder
password = $(password cinder)
project_name = service
user_domain_name = Default
project_domain_name = Default

[oslo_concurrency]
lock_path = /var/lock/cinder
X
}

write_clouds_yaml() {
    write_file "$LAB/clouds.yaml" root:root 600 <<X
clouds:
  lab:
    auth:
      auth_url: http://127.0.0.1:5000/v3
      username: admin
      password: "$(password admin)"
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionOne
    identity_api_version: 3
    volume_api_version: 3
X
}

openstack_setup() {     # WORD...: openstack_setup.py in the controller room, as the cloud's admin
    install -m 600 "$LAB/clouds.yaml" "$ROOMS/controller/root/clouds.yaml"
    inside controller env OS_CLIENT_CONFIG_FILE=/root/clouds.yaml OS_CLOUD=lab \
        CINDER_PASSWORD_FILE=/root/cinder-password \
        /usr/bin/python3 - "$@" <"$HERE/openstack_setup.py"
}

register_services() {
    [ -e "$ROOMS/controller/var/lib/registered" ] && return 0
    install -m 600 "$LAB/passwords/cinder" "$ROOMS/controller/root/cinder-password"
    openstack_setup register || die "controller: Keystone refused the service entries" \
        "run 'npm run lab -- up' again; see $ROOMS/controller/var/log/keystone/keystone.log"
    touch "$ROOMS/controller/var/lib/registered"
    say "controller: cinder registered in Keystone"
}

# ---- inside the room --------------------------------------------------------
alive() { [ -s "/run/lab/$1.pid" ] && kill -0 "$(cat "/run/lab/$1.pid")" 2>/dev/null; }

as() { setpriv --reuid "$1" --regid "$1" --init-groups env HOME="/var/lib/$1" "${@:2}"; }

# The child writes its own number before it becomes the daemon: a daemon whose number nobody
# knows would hold its port against the next one.
spawn() {       # NAME USER COMMAND...
    local name=$1 user=$2
    shift 2
    alive "$name" && return 0
    rm -f "/run/lab/$name.pid"
    (
        echo "$BASHPID" >"/run/lab/$name.pid"
        exec setsid setpriv --reuid "$user" --regid "$user" --init-groups \
            env HOME="/var/lib/$user" "$@"
    ) </dev/null >>"/var/log/lab/$name.out" 2>&1 &
    until [ -s "/run/lab/$name.pid" ]; do sleep 0.05; done
}

wait_until() {  # SECONDS NAME COMMAND...
    local end=$((SECONDS + $1)) name=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $end ] || ! alive "$name"; then
            echo "lab: $(hostname): $name did not answer: /var/log/lab/$name.out ends:" >&2
            tail -3 "/var/log/lab/$name.out" >&2
            return 1
        fi
        sleep 0.3
    done
}

start_mariadb() {
    local data=/var/lib/mysql
    if [ ! -d $data/data ]; then
        rm -rf $data/new
        install -d -o mysql -g mysql -m 700 $data/new
        mariadb-install-db --no-defaults --user=mysql --datadir=$data/new --skip-test-db \
            --auth-root-authentication-method=socket >/var/log/lab/mariadb-install.out 2>&1
        mv $data/new $data/data
    fi
    spawn mariadb mysql mariadbd --no-defaults --datadir=$data/data \
        --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/mysqld.pid \
        --bind-address=127.0.0.1 --port=3306 --skip-name-resolve \
        --innodb-buffer-pool-size=64M --innodb-log-file-size=32M \
        --innodb-flush-log-at-trx-commit=0 --performance-schema=0 --max-connections=500 \
        --character-set-server=utf8mb3
    wait_until 60 mariadb mariadb -e 'select 1'
    echo "MariaDB answers"
}

start_rabbit() {
    spawn epmd rabbitmq epmd -address 127.0.0.1
    spawn rabbit rabbitmq env RABBITMQ_NODENAME=lab@localhost \
        RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_CONFIG_FILE=/etc/rabbitmq/rabbitmq.conf \
        RABBITMQ_ENABLED_PLUGINS_FILE=/etc/rabbitmq/enabled_plugins \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}" \
        /usr/lib/rabbitmq/bin/rabbitmq-server
    wait_until 90 rabbit bash -c 'exec 3<>/dev/tcp/127.0.0.1/5672'
    echo "RabbitMQ answers"
}

make_keystone() {
    as keystone keystone-manage db_sync
    as keystone keystone-manage fernet_setup --keystone-user keystone --keystone-group keystone
    as keystone keystone-manage credential_setup --keystone-user keystone --keystone-group keystone
    OS_BOOTSTRAP_PASSWORD=$(cat /root/admin-password) as keystone keystone-manage bootstrap \
        --bootstrap-username admin --bootstrap-project-name admin --bootstrap-role-name admin \
        --bootstrap-service-name keystone --bootstrap-region-id RegionOne \
        --bootstrap-admin-url http://127.0.0.1:5000/v3/ \
        --bootstrap-public-url http://127.0.0.1:5000/v3/ \
        --bootstrap-internal-url http://127.0.0.1:5000/v3/
}

make_databases() {
    [ -e /var/lib/databases-made ] && return 0
    mariadb </root/databases.sql
    make_keystone >>/var/log/lab/keystone-made.out 2>&1 &
    local keystone=$!
    as cinder cinder-manage db sync >>/var/log/lab/cinder-made.out 2>&1
    wait $keystone
    # the default quota (10 volumes) lives in the database; quota_volumes in cinder.conf is not read
    mariadb -e "update cinder.quota_classes set hard_limit = -1 where class_name = 'default'"
    touch /var/lib/databases-made
    echo "databases made"
}

start_uwsgi() { # NAME USER PORT INI [PATH]
    spawn "$1" "$2" /usr/bin/uwsgi_python3 --ini "$4" --http-socket "127.0.0.1:$3"
    wait_until 60 "$1" curl -fs -o /dev/null "http://127.0.0.1:$3${5:-/healthcheck}"
    echo "$1 answers"
}

controller_main() {
    start_mariadb &
    local mariadb=$!
    start_rabbit &
    local rabbit=$!
    wait $mariadb
    make_databases
    start_uwsgi keystone keystone 5000 /etc/keystone/lab.ini
    wait $rabbit
    spawn cinder-scheduler cinder cinder-scheduler --config-file=/etc/cinder/cinder.conf \
        --log-file=/var/log/cinder/cinder-scheduler.log
    start_uwsgi cinder-api cinder 8776 /etc/cinder/lab.ini
}
