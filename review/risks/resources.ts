import { VOLUME_TYPE } from "../declared";
import { of, type Risk, type Situation } from "../risk";
import { isConcealed, isOfCeph, isOfHost } from "../rollout";
import type { Step } from "../steps";

/** Types whose steps the rest of the review explains. */
const EXPLAINED =
    /^(?:cinder-dr:index:(?:CinderDisasterRecovery|CinderBackend|CinderHost|ReplicatedVolumeType|CephMirroring|CephSite|CephUsers|MirroredPool|MirrorPeering|RbdMirrorDaemons|ComputeSecrets)|pulumi:pulumi:Stack)$/;
const ACCESS = "openstack:blockstorage/volumeTypeAccessV3:VolumeTypeAccessV3";

const isExplained = ({ type, urn }: Step): boolean =>
    EXPLAINED.test(type) ||
    type === VOLUME_TYPE ||
    type === ACCESS ||
    (type === "command:remote:Command" && (isOfHost(urn) || isOfCeph(urn)));

/**
 * Something that is deleted under one parent or name in the program and stands under another: the deletion comes last,
 * and takes away what both are about.
 */
const moved = ({ steps }: Situation): Risk[] =>
    steps
        .filter((step) => step.op === "delete" && step.before !== undefined && isExplained(step))
        .filter(({ type }) => type === "command:remote:Command" || type === VOLUME_TYPE)
        .filter(({ type, name, urn }) =>
            steps.some(
                (other) =>
                    other.after !== undefined &&
                    other.type === type &&
                    other.name === name &&
                    other.urn !== urn,
            ),
        )
        .map(({ name, type }) =>
            of("resource", name)(
                "moved-in-the-program",
                "critical",
                `is made anew at another place of the program, and the one at the old place (${type}) is deleted after it: what both stand for is then gone, and later runs see no difference`,
                "give the new one an alias of the old (pulumi: aliases), until the preview shows no deletion",
                "what the deletion takes away stays away until it is pushed anew",
            ),
        );

/** What differs only in something that is shown as a secret on both sides: no table and no diff has it. */
const concealed = ({ steps }: Situation): Risk[] =>
    steps
        .filter(isConcealed)
        .map(({ name, diffs }) =>
            of("resource", name)(
                "secret-changed",
                "medium",
                `${diffs.join(", ")} changes in something that has the shape of a secret and is not shown`,
                "read it in the commit, and keep keys and passwords out of a topology",
            ),
        );

function others({ steps }: Situation): Risk[] {
    return steps
        .filter((step) => step.op !== "same" && !isExplained(step))
        .flatMap((step): Risk[] => {
            const risk = of("resource", step.name);
            if (step.type.startsWith("pulumi:providers:")) {
                if (["create", "read"].includes(step.op)) return [];
                return [
                    risk(
                        "provider-changed",
                        "high",
                        `the provider ${step.type.slice("pulumi:providers:".length)} changes (${step.op}): other credentials, another cloud or another version for all it manages`,
                        "read the provider's change in the full list",
                    ),
                ];
            }
            return [
                risk(
                    "unknown-effect",
                    step.op.includes("delete") || step.op.includes("replace") ? "high" : "medium",
                    `${step.type}: ${step.op}; this review does not know what that does to hosts or clusters`,
                    "read it in the full list",
                ),
            ];
        });
}

export const resourceRisks = (situation: Situation): Risk[] => [
    ...moved(situation),
    ...concealed(situation),
    ...others(situation),
];
