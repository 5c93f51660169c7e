import { aboutStatements } from "../about";
import { callOf, verbsOf } from "../facts/shellWords";
import type { ResourceRule } from "../rule";

export const cinderConfBelongsToRoot: ResourceRule = {
    name: "cinder-conf-belongs-to-root",
    demand: "cinder.conf belongs to root and the service's group",
    why: "Who owns the file can change what the service loads as root through rootwrap or privsep",
    source: "OpenStack Security Guide, Block Storage checklist",
    level: "advisory",
    severity: "medium",
    reference: "Block-01",
    traps: [],
    checks: [6],
    settings: {
        owners: {
            type: "array",
            items: { type: "string" },
            default: ["root:cinder"],
            description: "Owners that are right here; kolla has cinder:cinder.",
        },
    },
    judge: aboutStatements(function* (words, { owners }) {
        const [owner = "", ...files] = verbsOf(callOf(words, "chown") ?? []);
        if (
            files.some((file) => /\/cinder(?:$|\/)/.test(file)) &&
            !(owners as string[]).includes(owner)
        )
            yield `gives a file of /etc/cinder to another owner than ${(owners as string[]).join(" or ")}; use one of these`;
    }),
};
