import { cephCapsAreProfiles } from "../../../policies/rules/cephCapsAreProfiles";
import { command } from "../fixtures";
import { testRule } from "../support";

const said =
    "'run' gives a Ceph user caps beyond a profile; write 'profile rbd' for monitors and 'profile rbd pool=<pool>' for OSDs";

const everyPool =
    "'run' gives a Ceph user every pool of the cluster; write 'profile rbd pool=<pool>' for OSDs";

testRule(cephCapsAreProfiles, {
    passes: {
        profiles: command(
            "ceph auth get-or-create client.cinder mon 'profile rbd' osd 'profile rbd pool=volumes, profile rbd-read-only pool=images'",
        ),
        "the daemon's profiles": command(
            "ceph auth get-or-create client.rbd-mirror.a mon 'profile rbd-mirror' osd 'profile rbd'",
        ),
        "the peer's profiles": command(
            "ceph auth caps client.peer mon 'profile rbd-mirror-peer' osd 'profile rbd'",
        ),
        "a profile that only begins alike": command(
            "ceph auth add client.x mon 'profile rbd' osd 'profile rbd-x, x profile rbd'",
        ),
        "a look at pools": command("ceph auth print-key client.x osd 'profile rbd'"),
        reading: command("ceph auth get-or-create client.x mon 'allow r'"),
        "a look at caps": command("ceph auth get 'allow *'"),
        "another program": command("echo auth caps 'allow *'"),
    },
    fails: {
        everything: [command("ceph auth get-or-create client.cinder mon 'allow *'"), said],
        rwx: [
            command("ceph --cluster b auth caps client.cinder osd 'allow rwx pool=volumes'"),
            said,
        ],
        "w behind a profile": [
            command("sudo ceph auth add client.cinder osd 'profile rbd, allow rw'"),
            said,
        ],
        "every pool": [
            command("ceph auth get-or-create client.cinder mon 'profile rbd' osd 'profile rbd'"),
            everyPool,
        ],
        "every pool to be read": [
            command("ceph auth add client.x osd 'profile rbd pool=volumes, profile rbd-read-only'"),
            everyPool,
        ],
        "a key's": [command("ceph auth get-or-create-key client.x mon 'allow w'"), said],
    },
    unknown: ["create"],
});
