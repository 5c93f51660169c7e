import { REPLICATION_ENABLED } from "../../core/topology/volumeType";
import { valueOf, type Change } from "../changes";
import type { Facts } from "../facts";
import { of, only, said, type Risk, type Situation } from "../risk";

/** Facts of a type that are no extra specs. */
const OWN = ["description", "isPublic", "region", "protect", "retainOnDelete", "projects"];

const replicates = (facts: Facts | undefined): boolean =>
    facts?.replication_enabled === REPLICATION_ENABLED;

function removed({ changes }: Situation, { name }: Change): Risk {
    const risk = of("volume type", name);
    if (changes.before.types.get(name)?.retainOnDelete === "true")
        return risk(
            "volume-type-left",
            "medium",
            "leaves the stack and stays in Cinder, where nothing watches it any more",
            "delete it by hand when no volume has it",
        );
    return risk(
        "volume-type-deleted",
        "critical",
        "is deleted; Cinder refuses that (400) while a volume has it, and then the rest of the run is done and this is not",
        "retype or delete its volumes first",
        "a type made again has another id; quotas and access by the old one are gone",
    );
}

function changed({ changes }: Situation, change: Change): Risk[] {
    const risk = of("volume type", change.name);
    const [before, after] = [changes.before.types, changes.after.types].map((m) =>
        m.get(change.name),
    );
    const specs = change.values.filter(({ key }) => !OWN.includes(key)).map(({ key }) => key);
    const risks: Risk[] = [];
    if (replicates(before) && !replicates(after))
        risks.push(
            risk(
                "replication-switched-off",
                "critical",
                `replication_enabled goes from ${said(before?.replication_enabled)} to ${said(after?.replication_enabled)}: volumes of this type are not replicated from now on`,
                `write exactly '${REPLICATION_ENABLED}'`,
                "volumes made meanwhile have no copy until they are retyped",
            ),
        );
    if (specs.length > 0)
        risks.push(
            risk(
                "volume-type-replaced",
                "critical",
                `its extra specs change (${specs.join(", ")}), so it is deleted and made anew; Cinder refuses that (400) while a volume has it`,
                "make a new type and retype",
                "the new type has another id; quotas and access by the old one are gone",
            ),
        );
    const isPublic = valueOf(change, "isPublic");
    if (isPublic?.before === "true" && isPublic.after !== "true")
        risks.push(
            risk(
                "volume-type-hidden",
                "high",
                "becomes private: projects without access can make no replicated volume, and often make an unreplicated one instead",
                (after?.projects ?? "") === ""
                    ? "name the projects that need it"
                    : "check that no other project needs it",
            ),
        );
    if (isPublic?.before !== undefined && isPublic.before !== "true" && isPublic.after === "true")
        risks.push(
            risk(
                "volume-type-opened",
                "medium",
                "becomes public: every project can make volumes of it, and each takes room on both sites",
                "check quotas and the secondary's free space",
            ),
        );
    const projects = valueOf(change, "projects");
    const gone = listed(projects?.before).filter((p) => !listed(projects?.after).includes(p));
    if (gone.length > 0 && after?.isPublic !== "true")
        risks.push(
            risk(
                "volume-type-access-removed",
                "high",
                `projects lose it: ${gone.join(", ")}`,
                "check that they make no replicated volumes any more",
            ),
        );
    if (valueOf(change, "protect")?.before === "true")
        risks.push(
            risk(
                "protection-of-type-removed",
                "high",
                specs.length > 0
                    ? "protect is switched off, and the engine then does not refuse to replace it in this same change"
                    : "protect is switched off: a later change may delete or replace it without a refusal",
                "keep protect: true unless the stack is disposable",
            ),
        );
    if (valueOf(change, "retainOnDelete")?.before === "true")
        risks.push(
            risk(
                "protection-of-type-removed",
                "medium",
                "retainOnDelete is switched off: when it leaves the stack it is deleted in Cinder too",
                "keep it where volumes have the type",
            ),
        );
    return risks;
}

const listed = (text: string | undefined): string[] =>
    text === undefined || text === "" ? [] : text.split(", ");

export const volumeTypeRisks = (situation: Situation): Risk[] => [
    ...only(situation.changes.types, "removed").map((change) => removed(situation, change)),
    ...only(situation.changes.types, "changed").flatMap((change) => changed(situation, change)),
];
