import type { Review } from "../judge";
import type { Push } from "../rollout";
import { count, names } from "./text";

const RESTARTS: Record<Push["restart"], string> = {
    yes: "restarts",
    first: "restarts unless its cinder.conf says so already",
    repair: "pushed to repair what drifted; restarts where that needs it",
    no: "pushed with the same sections; restarts only if its service has not read its files",
};

const waveLine = (wave: readonly Push[]): string => {
    const kinds = [...new Set(wave.map(({ restart }) => restart))];
    const parts = kinds.map((kind) => {
        const hosts = wave.filter(({ restart }) => restart === kind).map(({ host }) => host);
        return `${names(hosts, 12)} ${RESTARTS[kind]}`;
    });
    return parts.join("; ") + (wave.length > 1 ? ` (${String(wave.length)} at once)` : "");
};

/** What a reader must know of a restart, and of the order. */
const MEANING =
    "Each step waits until every host before it is healthy; a host that fails is put back and stops the rest. While cinder-volume restarts, attached volumes keep working and new requests to it wait.";

/** Waves that are named one by one; the rest is counted. */
const MOST = 40;

/** The order of pushes: a wave starts when every host of the one before is healthy. */
export function rolloutLines({ rollout }: Review): string[] {
    const { waves, removals, isOrdered } = rollout;
    const shown = waves.slice(0, MOST).map((wave) => `1. ${waveLine(wave)}`);
    const left = waves.length - shown.length;
    const lines = isOrdered
        ? shown
        : waves.map(
              (wave) => `- in the order of the program's own dependencies: ${waveLine(wave)}`,
          );
    if (waves.length + removals.length === 0) return [];
    return [
        MEANING,
        "",
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
