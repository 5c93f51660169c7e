import { cephCapsAreProfiles } from "../../../policies/rules/cephCapsAreProfiles";
import { command } from "../fixtures";
import { testRule } from "../support";

const said =
    "'run' gives a Ceph user caps beyond a profile; write 'profile rbd' for monitors and 'profile rbd pool=<pool>' for OSDs";

testRule(cephCapsAreProfiles, {
    passes: {
        profiles: command(
            "ceph auth get-or-create client.cinder mon 'profile rbd' osd 'profile rbd pool=volumes, profile rbd-read-only pool=images'",
        ),
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
        "a key's": [command("ceph auth get-or-create-key client.x mon 'allow w'"), said],
    },
    unknown: ["create"],
});
