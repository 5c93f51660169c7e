import type { z } from "zod";

import {
    connectionShape,
    resolveConnection,
    type Connection,
    type sshDefaults,
} from "./connection";
import { rbdMirrorInput, resolveRbdMirror, type RbdMirror } from "./rbdMirror";
import { cephName, closed, path, uuid, words } from "./text";

export const siteInput = closed("a site: one Ceph cluster", {
    name: cephName("a site name").describe(
        "Site name of the Ceph cluster, as its peers call it (`rbd mirror pool info`).",
    ),
    fsid: uuid("the cluster's fsid")
        .optional()
        .describe(
            "`ceph fsid`. When given, the sites must differ, and verify asks the cluster for it.",
        ),
    clusterName: cephName("a Ceph cluster name")
        .optional()
        .describe("Cluster name on the admin host (`--cluster`). Defaults to ceph."),
    conf: path("the ceph.conf on the admin host")
        .optional()
        .describe("The ceph.conf on the admin host. Defaults to /etc/ceph/<clusterName>.conf."),
    cephUser: cephName("a Ceph user without 'client.'")
        .optional()
        .describe("Ceph user on the admin host, without `client.`. Defaults to admin."),
    keyring: path("the keyring of cephUser on the admin host")
        .optional()
        .describe(
            "Keyring of `cephUser` on the admin host. Left out, Ceph looks where it always looks.",
        ),
    commandPrefix: words("words before ceph and rbd")
        .optional()
        .describe(
            "Words put before `ceph` and `rbd`, e.g. [cephadm, shell, --]. Defaults to none.",
        ),
    adminHost: closed("a host where ceph and rbd reach this cluster", connectionShape).describe(
        "Host where `ceph` and `rbd` reach this cluster. Pulumi's preview never connects to it.",
    ),
    python: path("a Python on the admin host")
        .optional()
        .describe(
            "Python 3 on the admin host; used with `mirroring` only. Defaults to /usr/bin/python3.",
        ),
    watchUser: cephName("a Ceph user without 'client.'")
        .optional()
        .describe(
            "Ceph user that may only read, for `cinder-dr drift` and daemon health. Made with `mirroring`, otherwise it must be there.",
        ),
    rbdMirror: rbdMirrorInput.optional(),
}).describe("One Ceph cluster.");

/** One Ceph cluster, as peers name it, and the host where its commands run. */
export interface Site {
    name: string;
    fsid?: string;
    clusterName: string;
    conf: string;
    cephUser: string;
    keyring?: string;
    commandPrefix: string[];
    adminHost: Connection;
    python: string;
    watchUser?: string;
    rbdMirror: RbdMirror;
}

/** Designed role of a site; it never swaps, whichever site is active. */
export const ROLES = ["primary", "secondary"] as const;
export type Role = (typeof ROLES)[number];

export function resolveSite(
    given: z.output<typeof siteInput>,
    ssh: z.output<typeof sshDefaults>,
): Site {
    const clusterName = given.clusterName ?? "ceph";
    return {
        name: given.name,
        ...(given.fsid === undefined ? {} : { fsid: given.fsid }),
        clusterName,
        conf: given.conf ?? `/etc/ceph/${clusterName}.conf`,
        cephUser: given.cephUser ?? "admin",
        ...(given.keyring === undefined ? {} : { keyring: given.keyring }),
        commandPrefix: given.commandPrefix ?? [],
        adminHost: resolveConnection(given.adminHost, ssh),
        python: given.python ?? "/usr/bin/python3",
        ...(given.watchUser === undefined ? {} : { watchUser: given.watchUser }),
        rbdMirror: resolveRbdMirror(given.rbdMirror, clusterName, ssh),
    };
}
