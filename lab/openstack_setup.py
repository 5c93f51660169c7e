"""What an operator has done in this cloud before: service entries, one plain volume.

    openstack_setup.py register | plain-volume HOST | register-nova | compute HOST...
"""

import contextlib
import os
import sys
import time

import openstack

VOLUME_ENDPOINT = "http://127.0.0.1:8776/v3/%(project_id)s"


def register(cloud):
    with open(os.environ["CINDER_PASSWORD_FILE"]) as file:
        password = file.read().strip()
    identity = cloud.identity
    project = identity.find_project("service") or identity.create_project(
        name="service", domain_id="default"
    )
    user = identity.find_user("cinder") or identity.create_user(
        name="cinder", password=password, default_project_id=project.id, domain_id="default"
    )
    identity.assign_project_role_to_user(project, user, identity.find_role("admin"))
    service = identity.find_service("cinderv3") or identity.create_service(
        name="cinderv3", type="volumev3"
    )
    have = {entry.interface for entry in identity.endpoints(service_id=service.id)}
    for interface in {"public", "internal", "admin"} - have:
        identity.create_endpoint(
            service_id=service.id,
            interface=interface,
            region_id="RegionOne",
            url=VOLUME_ENDPOINT,
        )


NOVA_ENDPOINTS = {
    "placement": ("placement", "http://127.0.0.1:8778"),
    "nova": ("compute", "http://127.0.0.1:8774/v2.1"),
    "glance": ("image", "http://127.0.0.1:9292"),
}


def register_nova(cloud):
    """Users with the roles admin and `service`: without the latter Cinder takes no detach from Nova."""
    identity = cloud.identity
    project = identity.find_project("service")
    roles = [
        identity.find_role("admin"),
        identity.find_role("service") or identity.create_role(name="service"),
    ]
    for name, (kind, url) in NOVA_ENDPOINTS.items():
        with open(f"/root/passwords/{name}") as file:
            password = file.read().strip()
        user = identity.find_user(name) or identity.create_user(
            name=name, password=password, default_project_id=project.id, domain_id="default"
        )
        for role in roles:
            identity.assign_project_role_to_user(project, user, role)
        service = identity.find_service(name) or identity.create_service(name=name, type=kind)
        have = {entry.interface for entry in identity.endpoints(service_id=service.id)}
        for interface in {"public", "internal"} - have:
            identity.create_endpoint(
                service_id=service.id, interface=interface, region_id="RegionOne", url=url
            )


def compute(cloud, *hosts):
    """The compute hosts are up, and there is a flavor small enough for any number of servers."""
    nova = cloud.compute

    def are_up():
        up = {s.host for s in nova.services() if s.binary == "nova-compute" and s.state == "up"}
        return up.issuperset(hosts)

    wait_for(f"nova-compute on {' and '.join(hosts)}", 120, are_up)
    if not nova.find_flavor("tiny"):
        nova.create_flavor(name="tiny", ram=64, disk=0, vcpus=1)


def wait_for(what, seconds, probe):
    end = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > end:
            sys.exit(f"lab: {what}: not seen in {seconds} s")
        time.sleep(0.5)


def plain_volume(cloud, host):
    """An available volume called 'plain', whatever an interrupted run left."""
    api = cloud.block_storage

    def scheduler_knows_host():
        pools = api.get("/scheduler-stats/get_pools").json()["pools"]
        return any(pool["name"].startswith(host + "@") for pool in pools)

    def plain():
        return next((v for v in api.volumes(details=True) if v.name == "plain"), None)

    for _ in range(3):
        found = plain()
        if found and found.status == "available":
            return
        # a service that is 'up' is not enough: it may not have told the scheduler its pools yet
        wait_for(f"cinder-volume on {host} in the scheduler", 90, scheduler_knows_host)
        if found:
            api.post(f"/volumes/{found.id}/action", json={"os-force_delete": {}})
            wait_for("the half-made volume 'plain' deleted", 60, lambda: not plain())
        volume = api.create_volume(name="plain", size=1, description="made before replication")
        with contextlib.suppress(openstack.exceptions.ResourceFailure):
            api.wait_for_status(volume, "available", ["error"], interval=0.5, wait=60)
            return
    sys.exit("lab: the volume 'plain' ends in status 'error'")


if __name__ == "__main__":
    connection = openstack.connect()
    verbs = {
        "register": register,
        "plain-volume": plain_volume,
        "register-nova": register_nova,
        "compute": compute,
    }
    verbs[sys.argv[1]](connection, *sys.argv[2:])
