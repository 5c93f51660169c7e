import * as pulumi from "@pulumi/pulumi";

import { typeRemoval } from "../core/typeChange";
import { stop } from "./refuse";
import { COMPONENT } from "./replicatedVolumeType";
import { countIn, stackState, typeOf, typesIn } from "./stackState";

/**
 * Says what stands in the way of the types that leave: the engine deletes, or refuses to, without a word of what to do.
 * A URN names no parent, so a stack with two such owners is not judged.
 */
export function judgeRemovals(owner: pulumi.Resource, kept: readonly { name: string }[]): void {
    pulumi.all([owner.urn, stackState()]).apply(([urn, { outputs: state }]) => {
        if (countIn(state, typeOf(urn)) > 1) return;
        for (const { within, name, accesses } of typesIn(state)) {
            if (within !== `${typeOf(urn)}$${COMPONENT}`) continue;
            if (kept.some((type) => type.name === name)) continue;
            const said = `cinder-dr: ${typeRemoval(name, accesses)}`;
            if (accesses.length > 0) stop(said);
            else void pulumi.log.warn(said, owner);
        }
    });
}
