import { COPIES, isCommand, isOwnPush, textsOf } from "../facts/texts";
import type { ResourceRule } from "../rule";
import type { Seen } from "../seen";

/** Behind NOPASSWD: stand tags, each with a colon, and then the commands, up to the end of the line or of its quotes. */
const WIDE = /NOPASSWD:\s*(?:[A-Z_]+:\s*)*(?:ALL\b|[^\n'"`;&|>]*\*)/;

const writesFiles = (seen: Seen): boolean =>
    (isCommand(seen) && !isOwnPush(seen)) || COPIES.includes(seen.type);

export const sudoIsNarrow: ResourceRule = {
    name: "sudo-is-narrow",
    demand: "A sudoers line allows named commands",
    why: "NOPASSWD: ALL or a wildcard makes the deployment's login root",
    source: "sudoers(5)",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [],
    checks: [28],
    *judge(seen) {
        if (writesFiles(seen) && textsOf(seen).some(({ text }) => WIDE.test(text)))
            yield "lets a login run anything as root; name the one command in the sudoers line";
    },
};
