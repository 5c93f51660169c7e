import { setTimeout as pause } from "node:timers/promises";

import * as pulumi from "@pulumi/pulumi";

import type { Topology } from "../core/topology";
import { engineRuns } from "./interruptEngine";
import { CONNECT_SECONDS, giveUp, monitorHas, STEP_SECONDS } from "./pushHooks";
import { judgeSites } from "./siteRenames";
import { judgeBelow, stackState, type StackState } from "./stackState";
import { judgeRemovals } from "./typeRemovals";

const POLL_MILLISECONDS = 5000;
const OURS = /^(.*cinder-dr:index:\w+)\$command:remote:Command$/;

interface Removal {
    name: string;
    /** Whether it is a Cinder host's push; the host bounds that one itself. */
    isPush: boolean;
}

/** Our commands of the state. */
const commandsIn = (state: StackState): Removal[] =>
    Object.keys(state).flatMap((urn) => {
        const [, , type = "", name = ""] = urn.split("::");
        const parent = OURS.exec(type)?.[1];
        return parent === undefined ? [] : [{ name, isPush: parent.endsWith(":CinderHost") }];
    });

/**
 * Judges what leaves the topology, and ends a run whose removals stand still. What a program no longer declares, and
 * with `destroy --run-program` all of it, the engine removes after the program's last word, and tells no hook of ours:
 * with such a hook it would refuse every plain `pulumi destroy`. So the state is watched: it loses each command as soon
 * as its removal has ended.
 */
export function overseeRemovals(owner: pulumi.Resource, topology: Topology): void {
    judgeBelow(owner, (ownerType, state) => {
        judgeRemovals(owner, topology.volumeTypes, ownerType, state);
        judgeSites(topology, ownerType, state);
    });
    if (pulumi.runtime.isDryRun() || !monitorHas("registerResourceHook")) return;
    const kept = new Set(topology.hosts.map((host) => host.name));
    const isDestroy = engineRuns(["destroy", "down", "dn"]);
    const leaves = ({ name, isPush }: Removal) => isDestroy || (isPush && !kept.has(name));
    // The engine takes its monitor away when it has ended: then there is nothing left to watch.
    const leaving = () =>
        stackState().then(
            ({ outputs }) => commandsIn(outputs).filter(leaves),
            () => [],
        );
    process.once("beforeExit", () => void watch(leaving, topology.timeouts.applySeconds));
}

async function watch(leaving: () => Promise<Removal[]>, pushSeconds: number): Promise<void> {
    let left = await leaving();
    let since = Date.now();
    while (left.length > 0) {
        // Holds up no exit: the engine's own answer keeps the program alive as long as it works.
        await pause(POLL_MILLISECONDS, undefined, { ref: false });
        const now = await leaving();
        if (now.length < left.length) since = Date.now();
        left = now;
        const seconds = left.every(({ isPush }) => isPush) ? pushSeconds : STEP_SECONDS;
        if (Date.now() - since < (seconds + CONNECT_SECONDS) * 1000) continue;
        await giveUp(left.map(({ name }) => name).join(", "), seconds);
        return;
    }
}
