import { cinderConfIsNotCopiedInPlace } from "../../../policies/rules/cinderConfIsNotCopiedInPlace";
import { command } from "../fixtures";
import { testRule } from "../support";

const copy = (remotePath: string) => ({
    type: "command:remote:CopyToRemote",
    name: "copy",
    props: { remotePath },
});
const said =
    "'copy' copies over a live file without mode or owner; push it with a Command that writes a temporary file and renames it";

testRule(cinderConfIsNotCopiedInPlace, {
    passes: {
        "a file elsewhere": copy("/opt/cinder/notes"),
        "a command": command("cp a /etc/cinder/cinder.conf"),
        "a path that ends alike": copy("/root/etc/cinder/cinder.conf"),
    },
    fails: {
        "cinder.conf": [copy("/etc/cinder/cinder.conf"), said],
        "a keyring": [copy("/etc/ceph/secondary.client.cinder.keyring"), said],
        "kolla's": [copy("/etc/kolla/config/cinder.conf"), said],
        "the older resource": [
            { ...copy("/etc/ceph/ceph.conf"), type: "command:remote:CopyFile" },
            said,
        ],
    },
    unknown: ["remotePath"],
});
