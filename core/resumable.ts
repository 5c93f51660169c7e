import type { Begun } from "./operation";

/**
 * How to go on with an operation that is no move: `resume` does not go on with it.
 * @returns a part of a sentence that names the command
 */
export function wayOn({ verb, backend }: Begun): string {
    switch (verb) {
        case "servers --stop":
            // A stop is cut short only as far as its servers wait for their start.
            return `\`cinder-dr servers --backend ${backend} --start\` starts its servers again`;
        case "servers --reattach":
            return `\`cinder-dr servers --backend ${backend} --reattach\` goes on with it`;
        case "drill":
            return `\`cinder-dr drill --backend ${backend}\` removes what it left, and drills anew`;
        default:
            return `run \`cinder-dr ${verb}\` again`;
    }
}

/** An operation that is no move, and how to go on with it; one sentence. */
export const notResumed = (begun: Begun): string =>
    `operation ${begun.id} is a \`${begun.verb}\`, which resume does not go on with: ${wayOn(begun)}`;
