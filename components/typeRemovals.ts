import * as pulumi from "@pulumi/pulumi";

import { typeRemoval } from "../core/typeChange";
import { stop } from "./refuse";
import { COMPONENT } from "./replicatedVolumeType";
import { typesIn, type StackState } from "./stackState";

/** Says what stands in the way of the types that leave: the engine deletes, or refuses to, without a word of what to do. */
export function judgeRemovals(
    owner: pulumi.Resource,
    kept: readonly { name: string }[],
    ownerType: string,
    state: StackState,
): void {
    for (const { within, name, accesses } of typesIn(state)) {
        if (within !== `${ownerType}$${COMPONENT}`) continue;
        if (kept.some((type) => type.name === name)) continue;
        const said = `cinder-dr: ${typeRemoval(name, accesses)}`;
        if (accesses.length > 0) stop(said);
        else void pulumi.log.warn(said, owner);
    }
}
