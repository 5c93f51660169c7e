import { blocker, type Blocker } from "./blocker";
import type { DaemonView, PoolView } from "./replica";
import type { RbdMirrorHost } from "./topology/rbdMirror";
import type { Site } from "./topology/site";

/** It sends a beacon every few seconds: one that is silent for so long does not run, though the service map has it for 60 s. */
const SILENT_SECONDS = 15;

export const sayDaemon = ({ name, hostname }: DaemonView): string => `${name} on ${hostname}`;

/** Those in a site's service map, each once: one that was restarted within the minute is there twice, under two ids. */
export function daemonsOf({ daemons }: PoolView): DaemonView[] {
    const byAge = [...(daemons.list ?? [])].sort((a, b) => a.beacon - b.beacon);
    const each = new Map(byAge.map((one) => [sayDaemon(one), one]));
    return [...each.values()].sort((a, b) => sayDaemon(a).localeCompare(sayDaemon(b)));
}

/** The service map names a daemon without the `rbd-mirror.` that its Ceph user often has. */
const isOf = ({ cephUser }: RbdMirrorHost, { name }: DaemonView): boolean =>
    cephUser === name || cephUser === `rbd-mirror.${name}`;

/** Hosts that the topology names for rbd-mirror, and whose daemon the service map does not have. */
export const withoutDaemon = (hosts: readonly RbdMirrorHost[], view: PoolView): RbdMirrorHost[] =>
    hosts.filter((host) => !daemonsOf(view).some((one) => isOf(host, one)));

/** What a host of the topology's `rbdMirror` says of its unit. */
export interface UnitLook {
    host: RbdMirrorHost;
    runs?: boolean;
    /** Why it cannot be asked. */
    unseen?: string;
}

const BY_HAND = "stop every rbd-mirror of the site by hand, and say --rbd-mirror-stopped";

function blockerOf(
    { host, runs, unseen }: UnitLook,
    at: string,
    view: PoolView,
): Blocker | undefined {
    const daemon = daemonsOf(view).find((one) => isOf(host, one));
    if (daemon === undefined) return undefined;
    if (unseen !== undefined)
        return blocker(
            host.name,
            `its rbd-mirror (${sayDaemon(daemon)}) cannot be ended: ${unseen}`,
            `make SSH to it work; one that is off leaves the service map within a minute, then the same command again; or ${BY_HAND}`,
        );
    if (runs === true || view.now - daemon.beacon > SILENT_SECONDS) return undefined;
    return blocker(
        host.name,
        `rbd-mirror ${sayDaemon(daemon)} reports, and ${host.unit} does not run there`,
        `name its unit in ${at}.${host.name}.unit; or ${BY_HAND}`,
    );
}

/** Daemons that run where the topology names no host: of another user, or a second one of the same. */
function strangers(hosts: readonly RbdMirrorHost[], view: PoolView): DaemonView[] {
    const all = daemonsOf(view);
    const named = hosts.flatMap((host) => {
        const own = all.filter((one) => isOf(host, one));
        return own.length === 1 ? own : [];
    });
    return all.filter((one) => !named.includes(one));
}

/**
 * What keeps the named daemons from being all that run, and from being ended, each. Whoever is left running takes the locks
 * of the images that the others had.
 */
export function unstoppable(
    looks: readonly UnitLook[],
    { name, role }: Pick<Site, "name"> & { role: string },
    view: PoolView,
): Blocker[] {
    const at = `sites.${role}.rbdMirror.hosts`;
    const unnamed = strangers(
        looks.map(({ host }) => host),
        view,
    );
    const others = blocker(
        `site ${name}`,
        `its service map has rbd-mirror ${unnamed.map(sayDaemon).join(", ")}, and ${at} does not`,
        `name the host and cephUser of each there; or ${BY_HAND}`,
    );
    const held = looks.flatMap((look) => blockerOf(look, at, view) ?? []);
    return unnamed.length > 0 ? [others, ...held] : held;
}
