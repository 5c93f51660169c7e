import type { z } from "zod";

import { backendInput, RBD_DRIVER, resolveBackend, type Backend } from "../topology/backend";
import { checkTopology } from "../topology";
import type { Draft } from "./draft";

/** A part of a `replication_device` that the RBD driver reads. */
type Device = Record<"backend_id" | "conf" | "user" | "secret_uuid", string | null | undefined>;

/** An enabled backend of one host as its cinder-volume reads it; of another driver's, section and driver alone. */
export interface Configured {
    section: string;
    driver: string;
    values?: Record<string, string>;
    devices?: Device[];
    /** Further options of its section. */
    options?: Record<string, string>;
    /** Options of its section that a topology cannot name. */
    left?: string[];
}

/** What one host's cinder-volume was started with. */
export interface HostBackends {
    host: string;
    configured: Configured[];
}

export type BackendInput = z.input<typeof backendInput>;

export type BackendAdoption = { section: string; hosts: string[]; volumeBackendName?: string } & (
    | {
          adopt: BackendInput;
          /** What stays in the hosts' files without the topology's word, and why. */
          left: { option: string; why: string }[];
      }
    | { leave: string; isProblem: boolean }
);

/** A field only where its value is not the default that the topology has for it. */
const unless = (field: string, value: unknown, usual: unknown): object =>
    value === usual ? {} : { [field]: value };

/** The topology's words for what a host reads. Not judged: what is missing is missing in them too. */
function wordsFor({ section, values = {}, devices = [] }: Configured): object {
    const [device] = devices;
    const cluster = values.rbd_cluster_name ?? "ceph";
    return {
        ...unless("volumeBackendName", values.volume_backend_name ?? "", section),
        pool: values.rbd_pool,
        user: values.rbd_user,
        ...unless("clusterName", cluster, "ceph"),
        ...unless("conf", values.rbd_ceph_conf, `/etc/ceph/${cluster}.conf`),
        secretUuid: values.rbd_secret_uuid,
        ...unless("radosConnectTimeoutSeconds", Number(values.rados_connect_timeout), 5),
        ...unless(
            "replicationConnectTimeoutSeconds",
            Number(values.replication_connect_timeout ?? 5),
            5,
        ),
        replicationDevice: {
            backendId: device?.backend_id,
            ...unless("conf", device?.conf, `/etc/ceph/${device?.backend_id ?? ""}.conf`),
            ...unless("user", device?.user, values.rbd_user),
            secretUuid: device?.secret_uuid,
        },
    };
}

interface Options {
    options: Record<string, string>;
    left: { option: string; why: string }[];
}

/** The further options that all hosts of a backend agree in; one that the topology refuses stays in the files. */
function agreedOptions(seen: Configured[], refusal: (options: object) => string | undefined) {
    const found: Options = { options: {}, left: [] };
    const keys = new Set(seen.flatMap(({ options = {} }) => Object.keys(options)));
    for (const option of [...keys].sort()) {
        const [value = "", ...others] = new Set(seen.map(({ options = {} }) => options[option]));
        const why = others.length > 0 ? "the hosts differ in it" : refusal({ [option]: value });
        if (why === undefined) found.options[option] = value;
        else found.left.push({ option, why });
    }
    for (const option of new Set(seen.flatMap(({ left = [] }) => left)))
        found.left.push({ option, why: "it is secret, or no option that a topology can name" });
    return found;
}

/** What speaks against a backend of these words, at its own path. */
const faultsOf = (draft: Draft, section: string, backend: object): string[] => {
    const at = `backends.${section}`;
    return checkTopology({ ...draft, backends: { ...draft.backends, [section]: backend } })
        .filter(({ propertyPath: p }) => p === at || p.startsWith(`${at}.`))
        .map(({ propertyPath, reason }) => `${propertyPath} ${reason}`);
};

type Verdict =
    Pick<Extract<BackendAdoption, { adopt: unknown }>, "adopt" | "left"> | ReturnType<typeof leave>;

const leave = (reason: string, isProblem = true) => ({ leave: reason, isProblem });

function judge(draft: Draft, section: string, seen: Configured[]): Verdict {
    const driver = seen.find((one) => one.driver !== RBD_DRIVER)?.driver;
    if (driver !== undefined) return leave(`its volume_driver is '${driver}'`, false);
    const counts = new Set(seen.map(({ devices = [] }) => devices.length));
    if (counts.size === 1 && counts.has(0)) return leave("it has no replication_device", false);
    if (counts.size > 1 || !counts.has(1))
        return leave(
            `it must have exactly one replication_device on each host, got '${[...counts].join("' and '")}'`,
        );
    const [words = {}, ...others] = seen.map(wordsFor);
    if (others.some((other) => JSON.stringify(other) !== JSON.stringify(words)))
        return leave(`its hosts differ: ${difference([words, ...others])}`);
    const faults = faultsOf(draft, section, words);
    if (faults.length > 0) return leave(faults.join("; "));
    const { options, left } = agreedOptions(
        seen,
        (more) => faultsOf(draft, section, { ...words, options: more })[0],
    );
    const adopt = {
        ...words,
        ...(Object.keys(options).length > 0 ? { options } : {}),
    } as BackendInput;
    return { adopt, left };
}

/** Fields, by name alone: one of them may be a libvirt secret's. */
function difference(all: object[]): string {
    const flat = all.map((words) => {
        const { replicationDevice, ...own } = words as { replicationDevice: object };
        const device = Object.entries(replicationDevice).map(
            ([key, value]) => [`replicationDevice.${key}`, value] as const,
        );
        return new Map<string, unknown>([...Object.entries(own), ...device]);
    });
    const names = new Set(flat.flatMap((words) => [...words.keys()]));
    return [...names]
        .filter((name) => new Set(flat.map((words) => words.get(name))).size > 1)
        .join(", ");
}

/** What becomes of each backend that a host has enabled and the topology lacks. */
export function planBackends(draft: Draft, hosts: readonly HostBackends[]): BackendAdoption[] {
    const sections = new Set(hosts.flatMap(({ configured }) => configured.map((c) => c.section)));
    return [...sections].map((section): BackendAdoption => {
        const carrying = hosts.flatMap(({ host, configured }) =>
            configured.filter((c) => c.section === section).map((seen) => ({ host, seen })),
        );
        const seen = carrying.map((one) => one.seen);
        const verdict =
            section in draft.backends
                ? leave("the topology has it already", false)
                : judge(draft, section, seen);
        const volumeBackendName = seen[0]?.values?.volume_backend_name;
        return {
            section,
            hosts: carrying.map(({ host }) => host),
            ...unless("volumeBackendName", volumeBackendName, undefined),
            ...verdict,
        };
    });
}

/**
 * The topology with the adopted backends. A host that serves not all of them is told which: its default is all.
 * @returns the two parts that are written
 */
export function withBackends(
    { backends, hosts }: Draft,
    adoptions: readonly BackendAdoption[],
): { backends: Record<string, BackendInput>; hosts: Record<string, string[]> } {
    const adopted = adoptions.flatMap((a) => ("adopt" in a ? [a] : []));
    const known = Object.keys(backends);
    const all = [...known, ...adopted.map(({ section }) => section)];
    const lists = Object.entries(hosts).flatMap(([name, { backends: typed, unreachable }]) => {
        const carried = adopted.filter((a) => a.hosts.includes(name)).map((a) => a.section);
        const list = [...new Set([...(typed ?? known), ...carried])];
        const count = typed === undefined ? all.length : typed.length;
        // Nobody has asked an unreachable host.
        const stays = adopted.length === 0 || unreachable !== undefined || list.length === count;
        return stays ? [] : [[name, list] as const];
    });
    return {
        backends: Object.fromEntries(adopted.map(({ section, adopt }) => [section, adopt])),
        hosts: Object.fromEntries(lists),
    };
}

/** The adopted ones as a topology has them. */
export const adoptedBackends = (adoptions: readonly BackendAdoption[]): Backend[] =>
    adoptions.flatMap((a) =>
        "adopt" in a ? [resolveBackend(a.section, backendInput.parse(a.adopt))] : [],
    );
