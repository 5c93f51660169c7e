import type { Review } from "../judge";
import type { Push } from "../rollout";
import { count, names } from "./text";

/** What one host does, and what several do. */
const RESTARTS: Record<Push["restart"], [one: string, many: string]> = {
    yes: ["restarts", "restart"],
    first: [
        "restarts unless its cinder.conf says so already",
        "restart unless their cinder.conf says so already",
    ],
    repair: [
        "is pushed to repair what drifted; restarts where that needs it",
        "are pushed to repair what drifted; restart where that needs it",
    ],
    no: [
        "is pushed with the same sections; restarts only if its service has not read its files, or waits for a conf or key",
        "are pushed with the same sections; restart only if their service has not read its files, or waits for a conf or key",
    ],
};

const waveLine = (wave: readonly Push[]): string => {
    const kinds = [...new Set(wave.map(({ restart }) => restart))];
    const parts = kinds.map((kind) => {
        const hosts = wave.filter(({ restart }) => restart === kind).map(({ host }) => host);
        return `${names(hosts, 12)} ${RESTARTS[kind][hosts.length === 1 ? 0 : 1]}`;
    });
    return parts.join("; ") + (wave.length > 1 ? ` (${String(wave.length)} at once)` : "");
};

/** What a reader must know of a restart, and of the order. */
const MEANING =
    "Each step waits until every host before it is healthy; a host that fails is put back and stops the rest. While cinder-volume restarts, attached volumes keep working and new requests to it wait.";

/** Waves that are named one by one; the rest is counted. */
const MOST = 40;

/** First words of the Ceph side's parts, in the order of their steps. */
const STEPS = ["cluster", "pool", "users", "peers", "rbd-mirror"];
const stepOf = (name: string): number => STEPS.indexOf(name.split(" ")[0] ?? "");

/** The Ceph side comes before every host: a host waits for healthy daemons of both sites. */
function cephFirst({ changes, rollout }: Review): string[] {
    const parts = changes.ceph
        .filter(({ name, kind }) => kind !== "removed" && stepOf(name) >= 0)
        .map(({ name }) => name)
        .sort((a, b) => stepOf(a) - stepOf(b));
    if (parts.length === 0) return [];
    const mark = rollout.isOrdered ? "1." : "-";
    return [`${mark} before any host, on admin hosts and daemons' hosts: ${names(parts, 12)}`];
}

/** The order of pushes: a wave starts when every host of the one before is healthy. */
export function rolloutLines(review: Review): string[] {
    const { waves, removals, isOrdered } = review.rollout;
    const shown = waves.slice(0, MOST).map((wave) => `1. ${waveLine(wave)}`);
    const left = waves.length - shown.length;
    const lines = isOrdered
        ? shown
        : waves.map(
              (wave) => `- in the order of the program's own dependencies: ${waveLine(wave)}`,
          );
    const ceph = cephFirst(review);
    if (waves.length + removals.length + ceph.length === 0) return [];
    return [
        MEANING,
        "",
        ...ceph,
        ...lines,
        ...(isOrdered && left > 0
            ? [
                  `1. and ${count(left, "more wave")}, ${count(waves.slice(MOST).flat().length, "host")}`,
              ]
            : []),
        ...(removals.length > 0
            ? [
                  `${isOrdered ? "1." : "-"} on removal, after everything else: ${names(removals, 12)}; ${removals.length === 1 ? "it gets" : "they get"} back what the keys said before and ${removals.length === 1 ? "restarts" : "restart"}`,
              ]
            : []),
    ];
}
