import type { Finding } from "../core/finding";
import { unstoppable, type UnitLook } from "../core/mirrorDaemons";
import { wordsOf } from "../core/problem";
import type { PoolView } from "../core/replica";
import type { RbdMirrorHost } from "../core/topology/rbdMirror";
import type { CephSite } from "./cephSite";
import { RefusedError } from "./operationEnd";
import type { CommandResult } from "./ssh";
import { RemoteError } from "./remoteError";

/** Asks a host whether a unit runs: 0 where it does, 3 where it does not. */
type Ask = (host: RbdMirrorHost, unit: string) => Promise<CommandResult>;

const serviceOf = ({ unit }: RbdMirrorHost): string => `${unit.replace(/\.service$/, "")}.service`;

async function look(host: RbdMirrorHost, ask: Ask): Promise<UnitLook> {
    try {
        const { code, stderr } = await ask(host, serviceOf(host));
        if (code === 0 || code === 3) return { host, runs: code === 0 };
        return { host, unseen: `exit code ${String(code)}: ${stderr.trim()}` };
    } catch (error) {
        if (!(error instanceof RemoteError)) throw error;
        return { host, unseen: wordsOf(error) };
    }
}

/**
 * The daemons of the hosts that the topology names, as `UNIT on HOST`, but for hosts that do not answer and whose daemon
 * the service map does not have any more: of two, one host may be lost, and the failover must not wait for it.
 * @throws RefusedError where one cannot be ended, before any is
 */
export async function namedDaemons(
    { site, role }: CephSite,
    view: PoolView,
    ask: Ask,
    found: (finding: Finding) => void,
): Promise<string[]> {
    const looks = await Promise.all(site.rbdMirror.hosts.map((host) => look(host, ask)));
    const blockers = unstoppable(looks, { name: site.name, role }, view);
    if (blockers.length > 0)
        throw new RefusedError(
            `refused, nothing was changed: not every rbd-mirror daemon of site ${site.name} can be ended from here`,
            blockers,
        );
    const names: string[] = [];
    for (const { host, unseen } of looks)
        if (unseen === undefined) names.push(`${serviceOf(host)} on ${host.name}`);
        else
            found({
                state: "warning",
                subject: host.name,
                fact: `${unseen}; the service map of ${site.name} has no rbd-mirror of it: none is ended there`,
                next: `once it is back: \`systemctl start ${host.unit}\``,
            });
    return names;
}
