# shellcheck shell=bash
# What Nova, Placement and Glance read in the compute rooms. Sourced by lab.sh.

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

nova_conf() {   # COMPUTE
    cat <<X
[DEFAULT]
my_ip = 127.0.0.1
host = $1
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
# a nova-compute that was killed counts as down after half a minute, for the tests of lost hosts
report_interval = 5
service_down_time = 30
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
