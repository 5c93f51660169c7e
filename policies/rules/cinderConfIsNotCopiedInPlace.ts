import { COPIES } from "../facts/texts";
import type { ResourceRule } from "../rule";
import { textIn } from "../seen";

export const cinderConfIsNotCopiedInPlace: ResourceRule = {
    name: "cinder-conf-is-not-copied-in-place",
    demand: "A copy resource does not write cinder.conf, a ceph.conf or a keyring",
    why: "It truncates the live file in place and sets neither mode nor owner: a lost connection leaves half a cinder.conf, a keyring is readable by all",
    source: "pulumi-command copyController.go",
    level: "mandatory",
    severity: "high",
    reference: "Block-02",
    traps: [],
    checks: [6, 7],
    *judge({ type, inputs }) {
        if (
            COPIES.includes(type) &&
            /^\/etc\/(?:cinder|ceph|kolla)\//.test(textIn(inputs.remotePath) ?? "")
        )
            yield "copies over a live file without mode or owner; push it with a Command that writes a temporary file and renames it";
    },
};
