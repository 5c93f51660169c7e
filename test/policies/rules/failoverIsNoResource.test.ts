import { failoverIsNoResource } from "../../../policies/rules/failoverIsNoResource";
import { command, localCommand } from "../fixtures";
import { testRule } from "../support";

const said =
    "'run' fails over or promotes, which is an operation and no desired state; run it with cinder-dr, by hand and once";

testRule(failoverIsNoResource, {
    passes: {
        "a list of services": command("cinder service-list --withreplication"),
        "a status": command("rbd mirror pool status volumes"),
        "a word in a message": command("echo 'run cinder failover-host by hand'"),
        "words that only hold it": command(
            "cinder-failover-host x; cinder failover-hosts; x reset_active_backends",
        ),
        "other services": command("curl https://c/v3/p/os-services/failovers"),
        "a host of that name": command("ping failover_host.os-services"),
        "options that only hold it": command("x --failover-hosts a; x y--failover-host b"),
        "a look at a host": command(
            "openstack volume host set --enable a; openstack volume failover host",
        ),
        "a comment": command("# cinder failover-host\ntrue"),
    },
    fails: {
        "cinder failover-host": [
            command("cinder failover-host cinder-a@ceph --backend_id secondary"),
            said,
        ],
        "cinder-manage": [
            command("sudo cinder-manage db reset_active_backend --backend-host a@b"),
            said,
        ],
        "an option": [command("x --failover-host a"), said],
        "the API by curl": [
            localCommand("curl -X PUT https://c/v3/p/os-services/failover_host -d @-"),
            said,
        ],
        "the newer API by curl": [
            localCommand("curl -X PUT https://c/v3/p/os-services/failover -d @-"),
            said,
        ],
        "the API by a URL in quotes": [
            localCommand(`curl -X PUT "$CINDER/os-services/failover_host?x" -d @-`),
            said,
        ],
        "the openstack client": [
            command("openstack --os-cloud x volume host failover --volume-backend b cinder-a@ceph"),
            said,
        ],
        "a line of Python": [
            command(`python3 -c 'c.services.failover_host ("cinder-a@ceph", "b")'`),
            said,
        ],
        "a substitution": [command('echo "$(cinder failover-host cinder-a@ceph)"'), said],
        "a loop": [
            command("for i in $(rbd ls volumes); do rbd mirror image promote volumes/$i; done"),
            said,
        ],
        "rbd promote": [command("rbd mirror image promote --force volumes/a"), said],
        "rbd demote of a pool on delete": [
            command("true", { delete: "rbd mirror pool demote volumes" }),
            said,
        ],
        "rbd resync": [command("rbd mirror image resync volumes/a"), said],
        "two of them, said once": [command("cinder failover-host a; cinder failover-host b"), said],
    },
    unknown: ["create"],
});
