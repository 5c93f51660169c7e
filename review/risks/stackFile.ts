import { ROLES } from "../../core/topology/site";
import { of, said, type Risk, type Situation } from "../risk";

/** How `cinder-dr` itself reaches a site: no preview shows it, and nobody notices until a failover. */
function access({ changes }: Situation): Risk[] {
    return ROLES.flatMap((role) => {
        const values = changes.beside.access.filter(({ key }) => key.startsWith(`${role} `));
        if (values.length === 0) return [];
        const each = values.map(
            ({ key, before, after }) =>
                `${key.slice(role.length + 1)} goes from ${said(before)} to ${said(after)}`,
        );
        return of("site", role)(
            "site-access-changed",
            "high",
            `cinder-dr reaches the ${role} site in another way, in status, verify, failover and failback: ${each.join(", ")}`,
            "run cinder-dr verify with this file before merging; a failover is too late to find out",
        );
    });
}

/** A rule that no longer judges something, since this change. */
const exemptions = ({ changes }: Situation): Risk[] =>
    changes.beside.exemptions.map(({ key, after }) =>
        of("stack", "")(
            "exemption-added",
            "high",
            `the policy ${key} is switched off by this change: ${after ?? ""}`,
            "decide whether this reason is good enough; without it the policies may forbid the change",
        ),
    );

/** Packages of which the engine makes a provider by the stack's config. */
const PROVIDER = /^(?:openstack|command):/;

const config = ({ changes }: Situation): Risk[] =>
    changes.beside.config.map(({ key, before, after }) => {
        const change = `goes from ${said(before)} to ${said(after)}`;
        return PROVIDER.test(key)
            ? of("resource", key)(
                  "provider-changed",
                  "high",
                  `${change}: other credentials, another cloud or another region for the volume types`,
                  "types of another cloud are not seen there, and are made again",
              )
            : of("resource", key)(
                  "config-changed",
                  "medium",
                  `${change}: no rule here knows what the program does with it`,
                  "read who uses it",
              );
    });

/** What the stack's file changes and no resource shows; needs a base. */
export const stackFileRisks = (situation: Situation): Risk[] => [
    ...access(situation),
    ...exemptions(situation),
    ...config(situation),
];
