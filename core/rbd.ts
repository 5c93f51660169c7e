import type { Words } from "./shell";
import type { Site } from "./topology";

/** Seconds after which a command against a dead cluster gives up; Ceph's own default is 300. */
export const CEPH_TIMEOUT_SECONDS = 20;

/** How both commands are told which cluster and user. */
const identity = (site: Site): Words => [
    "--cluster",
    site.clusterName,
    "--conf",
    site.conf,
    "--id",
    site.cephUser,
    ...(site.keyring === undefined ? [] : ["--keyring", site.keyring]),
];

/** `rbd ARGS` against a site, from its admin host. */
export const rbd = (site: Site, args: Words): Words => [
    ...site.commandPrefix,
    "rbd",
    ...identity(site),
    // rados timeouts do not bound the connect; this one does.
    "--client-mount-timeout",
    String(CEPH_TIMEOUT_SECONDS),
    ...args,
];

/** `ceph ARGS` against a site, from its admin host. */
export const ceph = (site: Site, args: Words): Words => [
    ...site.commandPrefix,
    "ceph",
    ...identity(site),
    "--connect-timeout",
    String(CEPH_TIMEOUT_SECONDS),
    ...args,
];

const json = ["--format", "json"];

export const imageInfo = (spec: string): Words => ["info", ...json, spec];
export const imageStatus = (spec: string): Words => ["mirror", "image", "status", ...json, spec];
export const poolInfo = (pool: string): Words => ["mirror", "pool", "info", ...json, pool];
export const listSnapshots = (spec: string): Words => ["snap", "ls", ...json, spec];
export const createSnapshot = (spec: string, snapshot: string): Words => [
    "snap",
    "create",
    "--no-progress",
    `${spec}@${snapshot}`,
];
export const removeSnapshot = (spec: string, snapshot: string): Words => [
    "snap",
    "rm",
    "--no-progress",
    `${spec}@${snapshot}`,
];
/**
 * Clone format 2 needs no protected snapshot, which a non-primary image could not have. Without the feature journaling
 * no pool's mirroring can take the clone up, whatever its mode. With an object map its removal deletes the objects that it
 * has, and does not ask for each of its size, which takes minutes for 2 TiB; krbd maps such an image since Linux 5.3.
 */
export const cloneSnapshot = (spec: string, snapshot: string, clone: string): Words => [
    "clone",
    "--rbd-default-clone-format",
    "2",
    "--image-feature",
    "layering,exclusive-lock,object-map",
    `${spec}@${snapshot}`,
    clone,
];
export const removeImage = (spec: string): Words => ["rm", "--no-progress", spec];
/** Status of every mirrored image of a pool. */
export const poolStatus = (pool: string): Words => [
    "mirror",
    "pool",
    "status",
    "--verbose",
    ...json,
    pool,
];
/** The whole content of an image or a snapshot, holes as zeros, on stdout. */
export const exportImage = (spec: string): Words => ["export", "--no-progress", spec, "-"];
export const listImages = (pool: string): Words => ["ls", ...json, pool];
/** Applies a diff read from stdin: the one way the rbd command writes given bytes into an existing image. */
export const importDiff = (spec: string): Words => ["import-diff", "--no-progress", "-", spec];
export const exportDiff = (spec: string): Words => ["export-diff", "--no-progress", spec, "-"];
