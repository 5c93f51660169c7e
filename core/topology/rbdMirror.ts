import type { z } from "zod";

import {
    address,
    hostShape,
    resolveConnection,
    type Connection,
    type sshDefaults,
} from "./connection";
import { cephName, closed, line, matching, someNamed, path, seconds } from "./text";

const FORM = "exactly one of orchestrator or hosts";

const daemonInput = closed("a host of rbd-mirror", {
    ...hostShape,
    cephUser: cephName("a Ceph user without 'client.'")
        .optional()
        .describe("The daemon's own Ceph user, without `client.`. Defaults to rbd-mirror.<host>."),
    conf: path("the site's ceph.conf on the host")
        .optional()
        .describe(
            "The site's ceph.conf on this host; it must be there. Defaults to /etc/ceph/<clusterName>.conf of the site.",
        ),
    keyring: path("the keyring of the daemon's user")
        .optional()
        .describe(
            "Keyring that is written for the daemon. Defaults to /etc/ceph/<clusterName>.client.<cephUser>.keyring.",
        ),
    serviceUser: matching(/^[a-z_][a-z0-9_-]*$/, "a login name")
        .optional()
        .describe("User that the unit runs as; owns the keyring. Defaults to ceph."),
    unit: matching(/^[A-Za-z0-9_][A-Za-z0-9_.@:\\-]*$/, "a systemd unit")
        .optional()
        .describe("The daemon's systemd unit. Defaults to ceph-rbd-mirror@<cephUser>."),
});

export const rbdMirrorInput = closed(FORM, {
    orchestrator: closed("what `ceph orch apply rbd-mirror` is told", {
        placement: line("a placement, e.g. 'count:1' or host names", 1024)
            .min(1, { error: () => "must not be empty" })
            .describe("`--placement`, in the orchestrator's own words, e.g. `2 ceph-1 ceph-2`."),
    })
        .optional()
        .describe(
            "rbd-mirror run by cephadm; not run on a real orchestrator by this project's tests.",
        ),
    hosts: someNamed("a map of hosts", address, daemonInput)
        .optional()
        .describe("rbd-mirror as a systemd unit on these hosts."),
    healthSeconds: seconds(3600)
        .optional()
        .describe("How long the daemons may take to be healthy. Defaults to 120."),
})
    .refine((given) => (given.orchestrator === undefined) !== (given.hosts === undefined), {
        error: () => `must be ${FORM}`,
    })
    .describe("The site's rbd-mirror daemons. Without it they must run already.");

/** One host that runs an rbd-mirror daemon as a systemd unit, all defaults filled in. */
export interface RbdMirrorHost {
    name: string;
    connection: Connection;
    python: string;
    cephUser: string;
    conf: string;
    keyring: string;
    serviceUser: string;
    unit: string;
}

/** How a site's rbd-mirror daemons are run; undefined orchestrator and no hosts: somebody else runs them. */
export interface RbdMirror {
    orchestrator?: { placement: string };
    hosts: RbdMirrorHost[];
    /** How long the daemons may take to be healthy. */
    healthSeconds: number;
}

export function resolveRbdMirror(
    given: z.output<typeof rbdMirrorInput> | undefined,
    clusterName: string,
    ssh: z.output<typeof sshDefaults>,
): RbdMirror {
    const host = ([name, h]: [string, z.output<typeof daemonInput>]): RbdMirrorHost => {
        const cephUser = h.cephUser ?? `rbd-mirror.${name}`;
        return {
            name,
            connection: resolveConnection({ ...h, address: h.address ?? name }, ssh),
            python: h.python ?? "/usr/bin/python3",
            cephUser,
            conf: h.conf ?? `/etc/ceph/${clusterName}.conf`,
            keyring: h.keyring ?? `/etc/ceph/${clusterName}.client.${cephUser}.keyring`,
            serviceUser: h.serviceUser ?? "ceph",
            unit: h.unit ?? `ceph-rbd-mirror@${cephUser}`,
        };
    };
    return {
        ...(given?.orchestrator === undefined ? {} : { orchestrator: given.orchestrator }),
        hosts: Object.entries(given?.hosts ?? {}).map(host),
        healthSeconds: given?.healthSeconds ?? 120,
    };
}
