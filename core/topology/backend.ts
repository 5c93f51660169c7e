import { z } from "zod";

import { shown } from "../problem";
import { otherHostsInput } from "./otherHosts";
import { replicationDeviceInput, type ReplicationDevice } from "./replicationDevice";
import { cephName, closed, line, matching, path, seconds, uuid } from "./text";

/** Options that other fields of the topology set, with the field's name. */
const OWN_FIELD = new Map(
    Object.entries({
        volume_backend_name: "volumeBackendName",
        rbd_pool: "pool",
        rbd_user: "user",
        rbd_cluster_name: "clusterName",
        rbd_ceph_conf: "conf",
        rbd_secret_uuid: "secretUuid",
        rados_connect_timeout: "radosConnectTimeoutSeconds",
        replication_connect_timeout: "replicationConnectTimeoutSeconds",
        replication_device: "replicationDevice",
    }),
);

/** Why `key = value` may not stand in a replicated backend's section, or undefined. */
export function optionFault(key: string, value: string): string | undefined {
    const field = OWN_FIELD.get(key);
    if (field !== undefined) return `must not be set here: use ${field}`;
    if (key === "backend_host" || key === "host" || key === "cluster")
        return "must not be set here: it renames the service and orphans its volumes";
    if (key === "rbd_keyring_conf")
        return "must not be set: it shows the keyring to users of the API (OSSN-0085)";
    if (key === "volume_driver" && value !== RBD_DRIVER)
        return `must be '${RBD_DRIVER}', got ${shown(value)}`;
    if (key === "rbd_max_clone_depth" && !/^[1-9]\d*$/.test(value))
        return `must be at least 1: with 0 clones are full copies that are not mirrored, got ${shown(value)}`;
    // oslo.config takes such a pair of quotes off again; a lone quote is a pair to it.
    if (/^(["'])(?:.*\1)?$/.test(value)) return "must not be wrapped in quotes";
    // To oslo.config `\$` is one more way to write `$`, so no text means a backslash before a dollar sign.
    if (value.includes("\\$")) return `must not have a backslash before '$', got ${shown(value)}`;
    return undefined;
}

export const RBD_DRIVER = "cinder.volume.drivers.rbd.RBDDriver";

const optionValue = z
    .union([line("a value", 4096), z.number(), z.boolean()], {
        error: (issue) => `must be a string, a number or true/false, got ${shown(issue.input)}`,
    })
    .transform((value) =>
        typeof value === "boolean" ? (value ? "True" : "False") : String(value),
    );

const options = z
    .record(matching(/^[a-z][a-z0-9_]*$/, "an option's name in cinder.conf"), optionValue, {
        error: (issue) => `must be a map of cinder.conf options, got ${shown(issue.input)}`,
    })
    .superRefine((given, ctx) => {
        for (const [key, value] of Object.entries(given)) {
            const fault = optionFault(key, value);
            if (fault !== undefined)
                ctx.addIssue({ code: "custom", message: fault, path: [key], input: value });
        }
    });

/** Cinder's default of rados_connect_timeout: no limit. */
const NO_LIMIT = -1;
const OR_NO_LIMIT = ", or -1 for no limit";

export const backendInput = closed("a backend", {
    // The scheduler reads words such as `<in>`, `s==` and `!=` in an extra spec as operators.
    volumeBackendName: matching(
        /^[A-Za-z0-9](?:[A-Za-z0-9_.@+ -]*[A-Za-z0-9_.@+-])?$/,
        "a volume_backend_name of letters, digits, spaces and '_.@+-'",
    )
        .optional()
        .describe("`volume_backend_name`. Defaults to the section's name."),
    pool: cephName("a pool name").describe("`rbd_pool`. The pool has this name on both sites."),
    user: cephName("a Ceph user without 'client.'").describe("`rbd_user`, without `client.`."),
    clusterName: cephName("a Ceph cluster name")
        .optional()
        .describe("`rbd_cluster_name` on the Cinder hosts. Defaults to ceph."),
    conf: path("the primary's ceph.conf on the Cinder hosts")
        .optional()
        .describe("`rbd_ceph_conf`. Defaults to /etc/ceph/<clusterName>.conf."),
    keyring: path("the keyring of the user on the Cinder hosts")
        .optional()
        .describe(
            "Keyring on the Cinder hosts. Defaults to /etc/ceph/<clusterName>.client.<user>.keyring, where Ceph looks; another one must stand in the conf.",
        ),
    secretUuid: uuid("the libvirt secret of the primary's key").describe(
        "`rbd_secret_uuid`: libvirt secret on the compute nodes with the primary's key.",
    ),
    radosConnectTimeoutSeconds: z
        .union([seconds(300, OR_NO_LIMIT), z.literal(NO_LIMIT)], {
            error: (issue) =>
                `must be whole seconds from 1 to 300${OR_NO_LIMIT}, got ${shown(issue.input)}`,
        })
        .optional()
        .describe(
            "`rados_connect_timeout`. Defaults to 5. With -1, Cinder's own default, a dead site blocks the service for 300 s; `adopt` writes it for hosts that run so.",
        ),
    replicationConnectTimeoutSeconds: seconds(300)
        .optional()
        .describe("`replication_connect_timeout`. Defaults to 5, as in Cinder."),
    imageMode: z
        .literal("journal", {
            error: (issue) =>
                `must be journal: Cinder's RBD driver has no other image mode, got ${shown(issue.input)}`,
        })
        .optional()
        .describe("Mirroring mode of the images. Cinder's RBD driver knows journal only."),
    otherHosts: otherHostsInput
        .optional()
        .describe(
            "Hosts (in front of `@`) of other services with a section of this name: sites or zones with a Ceph of their own. Operations leave them alone.",
        ),
    options: options.optional().describe("Further cinder.conf options of this section."),
    replicationDevice: replicationDeviceInput.describe(
        "The one `replication_device`: Ceph allows one mirror peer a pool.",
    ),
}).describe("One cinder.conf section of the RBD driver with its replication device.");

/** One cinder.conf section of the RBD driver, all defaults filled in. */
export interface Backend {
    section: string;
    volumeBackendName: string;
    pool: string;
    user: string;
    clusterName: string;
    conf: string;
    keyring: string;
    secretUuid: string;
    radosConnectTimeoutSeconds: number;
    replicationConnectTimeoutSeconds: number;
    /** Hosts of other services with a section of this name. */
    otherHosts: string[];
    options: Record<string, string>;
    replicationDevice: ReplicationDevice;
}

export function resolveBackend(name: string, given: z.output<typeof backendInput>): Backend {
    const clusterName = given.clusterName ?? "ceph";
    const device = given.replicationDevice;
    const deviceUser = device.user ?? given.user;
    return {
        section: name,
        volumeBackendName: given.volumeBackendName ?? name,
        pool: given.pool,
        user: given.user,
        clusterName,
        conf: given.conf ?? `/etc/ceph/${clusterName}.conf`,
        keyring: given.keyring ?? `/etc/ceph/${clusterName}.client.${given.user}.keyring`,
        secretUuid: given.secretUuid,
        radosConnectTimeoutSeconds: given.radosConnectTimeoutSeconds ?? 5,
        replicationConnectTimeoutSeconds: given.replicationConnectTimeoutSeconds ?? 5,
        otherHosts: given.otherHosts ?? [],
        options: given.options ?? {},
        replicationDevice: {
            backendId: device.backendId,
            conf: device.conf ?? `/etc/ceph/${device.backendId}.conf`,
            user: deviceUser,
            keyring: device.keyring ?? `/etc/ceph/${device.backendId}.client.${deviceUser}.keyring`,
            secretUuid: device.secretUuid,
        },
    };
}
