import { REMOTE_COMMAND } from "../facts/texts";
import type { ResourceRule } from "../rule";
import { type Seen, UNKNOWN } from "../seen";

const logs = ({ type, inputs }: Seen): boolean =>
    type === REMOTE_COMMAND &&
    (inputs.stdin !== undefined || inputs.environment !== undefined) &&
    inputs.logging !== "none" &&
    inputs.logging !== UNKNOWN;

export const commandOutputIsNotLogged: ResourceRule = {
    name: "command-output-is-not-logged",
    demand: "A remote command that is handed data does not log its output",
    why: "Output streams to the terminal and to CI's log while the command runs, even when it is marked secret",
    source: "pulumi-command#260; pulumi#15912",
    level: "advisory",
    severity: "medium",
    reference: "OSSN-0079",
    traps: [],
    checks: [4],
    *judge(seen) {
        if (logs(seen))
            yield "logs its output and is handed stdin or an environment; set logging: none";
    },
    *repair(seen) {
        if (logs(seen)) yield { path: ["logging"], value: "none" };
    },
};
