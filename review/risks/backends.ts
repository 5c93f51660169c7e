import { newNameOf, type Change } from "../changes";
import { deviceIn, type Declared } from "../declared";
import type { Facts } from "../facts";
import { of, only, said, type Risk, type Situation } from "../risk";
import { optionRisks } from "./options";

const isReplicated = (options: Facts | undefined): boolean =>
    (deviceIn(options).backend_id ?? "") !== "";

/** Hosts that carry a section, by name. */
const hostsOf = ({ hosts }: Declared, section: string): string[] =>
    [...hosts].filter(([, host]) => section in host.stanzas).map(([name]) => name);

/** What makes two sections serve the same images. */
const place = (options: Facts | undefined): string | undefined =>
    options &&
    `${options.rbd_cluster_name ?? ""} ${options.rbd_ceph_conf ?? ""} ${options.rbd_pool ?? ""}`;

/** The section that took over the images of a removed one. */
const renamedTo = ({ changes }: Situation, { name }: Change): string | undefined =>
    only(changes.backends, "added").find(
        (added) =>
            place(changes.after.backends.get(added.name)) ===
            place(changes.before.backends.get(name)),
    )?.name;

function removed(situation: Situation, change: Change): Risk {
    const risk = of("backend", change.name);
    const newName = renamedTo(situation, change);
    if (newName !== undefined)
        return risk(
            "section-renamed",
            "critical",
            `the section becomes ${said(newName)}, so the service HOST@${change.name} is gone: its volumes have no service, cannot be attached, snapshotted or failed over`,
            `keep the name, or move the volumes with cinder-manage volume update_host in the same maintenance window`,
            "Cinder's rows keep the old service name until they are moved back",
        );
    return risk(
        "last-replication-device-removed",
        "critical",
        `its replication device leaves every host (${hostsOf(situation.changes.before, change.name).join(", ")}): its volumes can no longer be failed over`,
        "move or retype its volumes first; images stay mirrored in Ceph but Cinder no longer knows the target",
        "volumes made afterwards have no copy",
    );
}

function changed(situation: Situation, change: Change): Risk[] {
    const { before, after } = situation.changes;
    const risk = of("backend", change.name);
    const had = isReplicated(before.backends.get(change.name));
    if (had && !isReplicated(after.backends.get(change.name)))
        return [
            risk(
                "last-replication-device-removed",
                "critical",
                "it loses its replication device: its volumes can no longer be failed over",
                "keep the device; to move to another target, change it in one step",
                "volumes made afterwards have no copy",
            ),
        ];
    return optionRisks(change);
}

/** A backend that stays, on hosts that no longer carry it. */
function leftHosts({ changes }: Situation): Risk[] {
    const { before, after } = changes;
    return [...after.backends.keys()].flatMap((section) => {
        const serving = hostsOf(after, section);
        const left = hostsOf(before, section).filter((host) => !serving.includes(host));
        // A host that only gets another name stays, under its new one.
        const staying = left
            .map((host) => newNameOf(host, changes) ?? host)
            .filter((host) => after.hosts.has(host) && !serving.includes(host));
        if (serving.length === 0 && left.length > 0)
            return of("backend", section)(
                "last-replication-device-removed",
                "critical",
                `no host carries it any more (before: ${left.join(", ")}): its volumes can no longer be failed over`,
                "keep it on at least one host",
                "volumes made afterwards have no copy",
            );
        return staying.map((host) =>
            of("host", host)(
                "backend-left-host",
                "high",
                after.hosts.get(host)?.facts.unreachable === undefined
                    ? `no longer carries the backend ${said(section)}; the service HOST@${section} of this host stops, and volumes that name it have no service`
                    : `no longer carries the backend ${said(section)}: nothing is applied to it now, but the first push that reaches it stops its service HOST@${section}, and no later review shows that`,
                "move its volumes to another host's service first",
            ),
        );
    });
}

export const backendRisks = (situation: Situation): Risk[] => [
    ...only(situation.changes.backends, "removed").map((change) => removed(situation, change)),
    ...only(situation.changes.backends, "changed").flatMap((change) => changed(situation, change)),
    ...leftHosts(situation),
];
