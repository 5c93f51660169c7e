import type { BackendKey } from "../../core/backendKey";

/** Cinder's service in Keystone, and its region, of every fake cloud. */
export const CLOUD = "3f0c/RegionOne";

/** The backend of a right topology in that cloud. */
export const own: Required<BackendKey> = {
    backend: "ceph",
    of: { cloud: CLOUD, sites: ["paris", "lyon"], pool: "volumes" },
};

/** The same in another cloud. */
export const foreign: Required<BackendKey> = {
    ...own,
    of: { ...own.of, cloud: "77ab/RegionOne" },
};
