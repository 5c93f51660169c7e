import {
    CINDER_BACKEND,
    CINDER_HOST,
    LOCAL_COMMAND,
    RECOVERY,
    REMOTE_COMMAND,
    ROOT_STACK,
    VOLUME_TYPE,
} from "../../policies/facts/texts";

/** A resource as the engine shows it to a pack: type, name, inputs, options. */
export interface Resource {
    type: string;
    name: string;
    props: Record<string, unknown>;
    opts?: { protect?: boolean; ignoreChanges?: string[]; additionalSecretOutputs?: string[] };
    /** Type of the component that it is a child of. */
    parentType?: string;
    /** The component that it is a child of, for rules of the stack. */
    parent?: { type: string; urn: string; parent?: Resource["parent"] };
    provider?: { name: string; props: Record<string, unknown> };
}

/** A whole public key of nobody. */
export const HOST_KEY =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
export const RSA_KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDQWQ1mVQ5pX0yq";

export const FIRST_UUID = "00000000-0000-4000-8000-000000000003";
export const SECOND_UUID = "00000000-0000-4000-8000-000000000004";

/** Options of a section as a map; undefined takes one out. */
type Options = Record<string, string | undefined>;

export const DEVICE = `backend_id:secondary,conf:/etc/ceph/secondary.conf,user:cinder,secret_uuid:${SECOND_UUID}`;

const COMPLIANT: Options = {
    volume_driver: "cinder.volume.drivers.rbd.RBDDriver",
    volume_backend_name: "ceph",
    rbd_cluster_name: "ceph",
    rbd_ceph_conf: "/etc/ceph/ceph.conf",
    rbd_pool: "volumes",
    rbd_user: "cinder",
    rbd_secret_uuid: FIRST_UUID,
    rados_connect_timeout: "5",
    replication_connect_timeout: "5",
    replication_device: DEVICE,
};

/** One section of cinder.conf, right but for `options`. */
export const stanza = (options: Options = {}, section = "ceph"): string =>
    [`[${section}]`]
        .concat(
            Object.entries({ ...COMPLIANT, ...options }).flatMap(([key, value]) =>
                value === undefined ? [] : [`${key} = ${value}`],
            ),
        )
        .join("\n")
        .concat("\n");

/** A replicated volume type, right and protected. */
export const volumeType = (
    specs: Record<string, unknown> = {},
    { name = "replicated", props = {}, opts = {} }: Partial<Resource> = {},
): Resource => ({
    type: VOLUME_TYPE,
    name,
    props: {
        name,
        isPublic: true,
        extraSpecs: { volume_backend_name: "ceph", replication_enabled: "<is> True", ...specs },
        ...props,
    },
    opts: { protect: true, ...opts },
});

/** A type that does not replicate. */
export const plainType = (name: string, extraSpecs: Record<string, unknown>): Resource => ({
    type: VOLUME_TYPE,
    name,
    props: { name, isPublic: true, extraSpecs },
});

export const connection = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
    host: "10.0.0.1",
    user: "deploy",
    port: 22,
    hostKey: HOST_KEY,
    ...fields,
});

/** A command on a host, with everything right about its connection. */
export const command = (
    create: string,
    props: Record<string, unknown> = {},
    name = "run",
): Resource => ({
    type: REMOTE_COMMAND,
    name,
    props: { connection: connection(), create, ...props },
    provider: { name: "default_1_2_1", props: { version: "1.2.1" } },
});

export const localCommand = (create: string, props: Record<string, unknown> = {}): Resource => ({
    type: LOCAL_COMMAND,
    name: "run",
    props: { create, ...props },
});

/** A command that writes a cinder.conf by a here-document. */
export const confCommand = (text: string, name = "conf", host = "10.0.0.1"): Resource => ({
    ...command(
        `cat > /etc/cinder/cinder.conf <<'EOF'\n${text}EOF\nsystemctl restart cinder-volume`,
        {},
        name,
    ),
    props: {
        connection: connection({ host }),
        create: `cat > /etc/cinder/cinder.conf <<'EOF'\n${text}EOF\nsystemctl restart cinder-volume`,
    },
});

/** A host component, right but for `props`. */
export const host = (props: Record<string, unknown> = {}, name = "cinder-a"): Resource => ({
    type: CINDER_HOST,
    name,
    props: {
        host: name,
        address: name,
        port: 22,
        user: "deploy",
        hostKey: HOST_KEY,
        configFile: "/etc/cinder/cinder.conf",
        service: { systemd: { unit: "cinder-volume" } },
        stanzas: { ceph: stanza() },
        site: "secondary",
        skipChecks: [],
        consent: {},
        ...props,
    },
});

export const backend = (props: Record<string, unknown> = {}, name = "ceph"): Resource => ({
    type: CINDER_BACKEND,
    name,
    props: {
        section: name,
        volumeBackendName: "ceph",
        pool: "volumes",
        user: "cinder",
        clusterName: "ceph",
        conf: "/etc/ceph/ceph.conf",
        secretUuid: FIRST_UUID,
        replicationDevice: {
            backendId: "secondary",
            conf: "/etc/ceph/secondary.conf",
            user: "cinder",
            secretUuid: SECOND_UUID,
        },
        stanza: stanza(),
        ...props,
    },
});

export const recovery = (props: Record<string, unknown> = {}): Resource => ({
    type: RECOVERY,
    name: "cinder-dr",
    props: {
        sites: { primary: "paris", secondary: "lyon" },
        rollout: { canary: 1, batch: 1 },
        ...props,
    },
});

export const rootStack = (): Resource => ({ type: ROOT_STACK, name: "cinder-dr-test", props: {} });

/** A stack without a fault: two hosts on two sites, one backend, one type that replicates and one that does not. */
export const compliantStack = (): Resource[] => [
    rootStack(),
    recovery(),
    backend(),
    host({ site: "primary" }),
    host({ site: "secondary" }, "cinder-b"),
    volumeType(),
    plainType("plain", { volume_backend_name: "lvm", replication_enabled: "<is> False" }),
];
