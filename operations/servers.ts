import {
    connectionFault,
    expectedConnection,
    hasStayed,
    type ConnectionInfo,
    type Server,
    type ServerVolume,
} from "../core/servers";
import { isHostDown, notLost } from "../core/evacuation";
import { named } from "../core/named";
import { inOrder, planServer, type ServerPlan } from "../core/serverPlan";
import type { Backend, Topology } from "../core/topology";
import type { Role } from "../core/topology/site";
import { isOf, otherSide, rowsOf, type ServiceRow } from "../core/service";
import type { Attachment, Cinder } from "./cinder";
import { hostOf, type Volume } from "../core/volume";
import type { Nova } from "./nova";
import { AT_A_TIME, inParallel } from "./parallel";

/** What stands in the way of judging or curing any server; nothing was changed. */
export class ServersError extends Error {
    override readonly name = "ServersError";
}

/** A backend's servers, and which site their connections must lead to. */
export interface ServersView {
    active: Role;
    expected: Required<ConnectionInfo>;
    plans: ServerPlan[];
    /** Attachments without a server in Nova: a host's, or one that Nova has forgotten. */
    others: { attachment: Attachment; fault?: string }[];
}

const isOfServer = (use: Attachment): use is Attachment & { instance: string } =>
    (use.instance ?? "") !== "";

/**
 * The side that serves, by Cinder's own rows.
 * @throws ServersError while it moves, and when the hosts of the backend are not on one side
 */
export function activeRole(services: readonly ServiceRow[], backend: Backend): Role {
    const rows = rowsOf(services, backend);
    if (rows.length === 0)
        throw new ServersError(`Cinder has no cinder-volume service of backend ${backend.section}`);
    const moving = rows.find((row) => row.replication_status === "failing-over");
    if (moving !== undefined)
        throw new ServersError(`${moving.host} is failing over now: wait until it is done`);
    const [id = "", ...more] = new Set(rows.map((row) => row.active_backend_id ?? ""));
    if (more.length > 0)
        throw new ServersError(
            `the hosts of backend ${backend.section} are not on one side: ${rows.map((row) => `${row.host} on '${row.active_backend_id ?? ""}'`).join(", ")}`,
        );
    if (id === "") return "primary";
    if (id === backend.replicationDevice.backendId) return "secondary";
    throw new ServersError(
        `backend ${backend.section} is on '${id}', which the topology does not know`,
    );
}

/**
 * Looks at every attachment of the backend's volumes; changes nothing.
 * @param off compute hosts that the operator knows to be off
 */
export async function lookAtServers(
    cinder: Cinder,
    nova: Nova,
    topology: Pick<Topology, "sites">,
    backend: Backend,
    signal: AbortSignal,
    off: readonly string[] = [],
): Promise<ServersView> {
    const [services, volumes, attachments] = await Promise.all([
        cinder.services(),
        cinder.allVolumes(),
        cinder.allAttachments(),
    ]);
    const active = activeRole(services, backend);
    const expected = expectedConnection(backend, active);
    const left = topology.sites[otherSide(active)].name;
    if (volumes.length > 0 && volumes.every((volume) => hostOf(volume) === ""))
        throw new ServersError(
            "Cinder names no volume's host, so their backend is unknown: use credentials of an admin",
        );
    const here = new Map(
        volumes.filter((v) => isOf(backend, hostOf(v))).map((v) => [v.id, v] as const),
    );
    const own = attachments.filter(({ volume_id }) => here.has(volume_id));
    const byServer = new Map<string, Attachment[]>();
    for (const attachment of own)
        if (isOfServer(attachment))
            byServer.set(attachment.instance, [
                ...(byServer.get(attachment.instance) ?? []),
                attachment,
            ]);
    const lost = new Set<string>();
    const found = await inParallel([...byServer], AT_A_TIME, signal, async ([id, uses]) => {
        const seen = await lookAtServer(nova, id, uses, here, { expected, left });
        if (seen === undefined) lost.add(id);
        return seen;
    });
    const seen = found.filter((one) => one !== undefined);
    const isAsked = off.length > 0 || seen.some(({ server }) => isHostDown(server));
    const computes = isAsked ? await nova.computes() : [];
    const wrong = notLost(computes, off);
    if (wrong !== undefined) throw new ServersError(wrong);
    return {
        active,
        expected,
        plans: inOrder(
            seen.map(({ server, volumes: mine }) => planServer(server, mine, { off, computes })),
        ),
        others: own
            .filter((use) => !isOfServer(use) || lost.has(use.instance))
            .map((attachment) => {
                const fault = connectionFault(attachment.connection_info ?? {}, expected);
                return { attachment, ...(fault === undefined ? {} : { fault }) };
            }),
    };
}

async function lookAtServer(
    nova: Nova,
    id: string,
    uses: readonly Attachment[],
    volumes: ReadonlyMap<string, Volume>,
    { expected, left }: { expected: Required<ConnectionInfo>; left: string },
): Promise<{ server: Server; volumes: ServerVolume[] } | undefined> {
    const [server, known] = await Promise.all([nova.server(id), nova.attachmentsOf(id)]);
    if (server === undefined) return undefined;
    const { rootDevice, ...rest } = server;
    const mine = uses.map((use): ServerVolume => {
        const volume = volumes.get(use.volume_id);
        const nova = known.find(({ volumeId }) => volumeId === use.volume_id);
        const seen = use.connection_info ?? {};
        const fault = connectionFault(seen, expected);
        const status = volume?.status ?? "gone";
        const replicationStatus = volume?.replication_status ?? null;
        return {
            volumeId: use.volume_id,
            volumeName: named(volume?.name),
            status,
            replicationStatus,
            ...(hasStayed({ status, replicationStatus }, seen, expected) ? { onlyOn: left } : {}),
            device: nova?.device ?? "",
            isRoot: nova !== undefined && nova.device === rootDevice,
            ...(nova?.tag === undefined || nova.tag === null ? {} : { tag: nova.tag }),
            deleteOnTermination: nova?.delete_on_termination ?? false,
            ...(fault === undefined ? {} : { fault }),
        };
    });
    return { server: rest, volumes: mine };
}
