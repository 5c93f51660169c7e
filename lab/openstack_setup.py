"""What an operator has done in this cloud before: service entries, one plain volume.

    openstack_setup.py register | plain-volume HOST
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
    if sys.argv[1] == "register":
        register(connection)
    else:
        plain_volume(connection, sys.argv[2])
