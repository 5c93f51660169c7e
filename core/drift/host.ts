import type { Configured } from "../adopt/backend";
import { hostRequest, type BackendRequest, type HostRequest } from "../hostRequest";
import type { Host, Topology } from "../topology";
import { clientItems, reachItem, type ClientSeen, type FileSeen } from "./client";
import { BY_UP, itemsOf, type DriftItem } from "./item";

/** What `host/apply.py inspect` answers. */
export interface HostSeen {
    /** Why a push would be refused; null when it would not. */
    problem: string | null;
    next: string | null;
    /** The step at which a push was cut off; null when none was. */
    pending?: string | null;
    file: FileSeen | null;
    sections: Record<string, { keys: Record<string, string[]>; enabled: boolean; host: string }>;
    service: { state: string; pid: number | null; unread: boolean } | null;
    clients: ClientSeen[];
    /** Every enabled backend, where `cinder-dr adopt` asks for them. */
    configured?: Configured[];
}

/** What `inspect` is asked: the push's own request, and the keyrings, which need not have their usual names. */
export function inspectRequest(host: Host, { backends, timeouts }: Topology): HostRequest {
    const request = hostRequest(host, backends, timeouts);
    return {
        ...request,
        backends: request.backends.map((asked) => {
            const backend = backends.find((b) => b.section === asked.section);
            if (backend === undefined) return asked;
            const { keyring } = backend.replicationDevice;
            return {
                ...asked,
                primary: { ...asked.primary, keyring: backend.keyring },
                target: { ...asked.target, keyring },
            };
        }),
    };
}

const isOpen = (mode = "0"): boolean => (parseInt(mode, 8) & 0o007) !== 0;

type Maker = ReturnType<typeof itemsOf>;

/** Values that Cinder keeps secret are never shown, wanted or found. */
const wantedValue = (key: string, value: string): string => {
    if (key === "replication_device") return value.replace(/secret_uuid:[^,]*/, "secret_uuid:***");
    return /secret|password|key/.test(key) ? "***" : value;
};

function* sectionItems(
    make: Maker,
    { section, options }: BackendRequest,
    seen: HostSeen,
): Generator<DriftItem> {
    const found = seen.sections[section];
    if (found === undefined) return;
    const keys = Object.entries(found.keys);
    const name = `cinder.conf [${section}]`;
    for (const [key, values] of keys)
        yield make.drifted(
            `${name} ${key}`,
            values.length === 0 ? "missing" : values.map((value) => `'${value}'`).join(" and "),
            `'${wantedValue(key, options[key] ?? "")}'`,
            BY_UP,
        );
    if (keys.length === 0)
        yield make.ok(name, `${String(Object.keys(options).length)} keys as in the topology`);
    if (!found.enabled)
        yield make.drifted(
            "cinder.conf [DEFAULT] enabled_backends",
            `does not name '${section}'`,
            `names '${section}'`,
            BY_UP,
        );
}

function* serviceItems(make: Maker, { service, pending }: HostSeen): Generator<DriftItem> {
    if (service === null) return;
    const { state, pid, unread } = service;
    const process = pid === null ? "" : `, process ${String(pid)}`;
    if (state !== "active")
        yield make.drifted(
            "cinder-volume",
            `the service is '${state}'`,
            "active",
            "look into its log on the host and start it",
        );
    else if (unread)
        yield make.drifted(
            "cinder-volume",
            `active${process}, which has not read its configuration as it is now`,
            "a process that has read it",
            BY_UP,
        );
    else yield make.ok("cinder-volume", `active${process}, runs with its configuration`);
    if (pending !== undefined && pending !== null)
        yield make.drifted("push", `the last one was cut off while ${pending}`, "ended", BY_UP);
}

/** One host's files, process and ways to Ceph against the topology. */
export function hostDrift(request: HostRequest, seen: HostSeen, topology: Topology): DriftItem[] {
    const keyringMode = topology.mirroring?.clientFiles?.keyringMode;
    const make = itemsOf(`hosts.${request.host}`);
    const items: DriftItem[] = [];
    if (seen.problem !== null)
        items.push(
            make.drifted("push", `would be refused: ${seen.problem}`, "possible", seen.next ?? ""),
        );
    const { file } = seen;
    if (file !== null && file.readable !== true)
        items.push(
            make.drifted(
                request.configFile,
                `${file.mode ?? ""} ${file.owner ?? ""}: not readable for ${request.serviceUser}`,
                `readable for ${request.serviceUser}`,
                "correct its mode and owner by hand",
            ),
        );
    if (file !== null && isOpen(file.mode))
        items.push(
            make.drifted(
                request.configFile,
                `mode ${file.mode ?? ""}: open to everybody on the host, and it holds passwords`,
                "closed to others",
                "chmod o-rwx it by hand: a push keeps the mode that it finds",
            ),
        );
    for (const backend of request.backends) items.push(...sectionItems(make, backend, seen));
    items.push(...serviceItems(make, seen));
    for (const client of seen.clients) {
        const backend = request.backends.find((b) => b.section === client.section);
        if (backend === undefined) continue;
        const { fsid } = topology.sites[client.side === "primary" ? "primary" : "secondary"];
        const { serviceUser: user } = request;
        const wanted = {
            user,
            ...(fsid === undefined ? {} : { fsid }),
            ...(keyringMode === undefined ? {} : { keyringMode }),
        };
        items.push(...clientItems(make, client, wanted));
        if (!request.skipChecks.includes("target"))
            items.push(reachItem(make, client, backend[client.side].cluster));
    }
    return items;
}
