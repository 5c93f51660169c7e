import { ROLES } from "../../core/topology/site";
import { computesIn, daemonsIn } from "../cephSide";
import { ANOTHER, valueOf, type ValueChange } from "../changes";
import type { Declared } from "../declared";
import { of, said, type Risk, type Situation } from "../risk";

type About = Risk["kind"];

/** `adminHost.port goes from '22' to '2222'`; two host keys side by side tell a reader nothing. */
const each = (values: readonly ValueChange[], title: string): string =>
    values
        .map(({ key, before, after }) => {
            const field = key.slice(title.length + 1);
            if (/hostkey$/i.test(field))
                return `${field} ${before === undefined ? "is given" : after === undefined ? "goes" : "changes"}`;
            return `${field} goes from ${said(before)} to ${said(after)}`;
        })
        .join(", ");

const behind = (values: readonly ValueChange[], title: string): ValueChange[] =>
    values.filter(({ key }) => key.startsWith(`${title} `));

/** How `cinder-dr` itself reaches a site: no preview shows it, and nobody notices until a failover. */
function access({ changes }: Situation): Risk[] {
    return ROLES.flatMap((role) => {
        const values = behind(changes.beside.access, role);
        if (values.length === 0) return [];
        return of("site", role)(
            "site-access-changed",
            "high",
            `cinder-dr reaches the ${role} site in another way, in status, verify, failover and failback: ${each(values, role)}`,
            "run cinder-dr verify with this file before merging; a failover is too late to find out",
        );
    });
}

/** Machines of before and now, with the title of their facts: one that comes or goes is told of as a whole. */
function staying({ changes: { before, after } }: Situation): [About, string, string][] {
    const both = (all: (side: Declared) => string[], kind: About, title: string) =>
        all(after)
            .filter((name) => all(before).includes(name))
            .map((name): [About, string, string] => [kind, name, `${title} ${name}`]);
    return [
        ...both(({ hosts }) => [...hosts.keys()], "host", "host"),
        ...both(daemonsIn, "host", "daemon"),
        ...both(computesIn, "compute host", "compute"),
    ];
}

/** A jump host that comes or goes is told of as a whole. */
const hasProxyAnew = ({ changes }: Situation, kind: About, name: string): boolean =>
    kind === "host" &&
    changes.hosts
        .filter((change) => change.name === name)
        .flatMap((change) => valueOf(change, "proxy") ?? [])
        .some(({ before, after }) => before === undefined || after === undefined);

/** What no component shows of how a push reaches its host. */
const hostAccess = (situation: Situation): Risk[] =>
    staying(situation).flatMap(([kind, name, title]) => {
        const all = behind(situation.changes.beside.access, title);
        const values = hasProxyAnew(situation, kind, name)
            ? all.filter(({ key }) => !key.startsWith(`${title} proxy.`))
            : all;
        if (values.length === 0) return [];
        return of(kind, name)(
            "host-access-changed",
            values.some(({ key }) => /hostkey$/i.test(key)) ? "high" : "medium",
            `the push reaches it in another way: ${each(values, title)}`,
            "run cinder-dr drift with this file before merging: it logs in the same way",
        );
    });

/** A host that is left out by mistake stays behind when its backend moves. */
const otherHosts = ({ changes }: Situation): Risk[] =>
    changes.beside.otherHosts.map(({ key, before, after }) =>
        of("backend", key)(
            "other-hosts-changed",
            "medium",
            `other services are left out of each failover: otherHosts goes from ${said(before)} to ${said(after)}`,
            "a host belongs there only if its section of this name leads to another Ceph; after the merge read cinder-dr preflight planned",
        ),
    );

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

/** Who judges the change is changed by it: a rule that is gone forbids nothing, and says nothing. */
const policyPack = ({ packFiles = [] }: Situation): Risk[] =>
    packFiles.length === 0
        ? []
        : [
              of("stack", "")(
                  "policy-pack-changed",
                  "high",
                  `the policies that judge this change are not those of the base: ${packFiles.slice(0, 5).join(", ")}${packFiles.length > 5 ? ` and ${String(packFiles.length - 5)} more` : ""}`,
                  "read these files first: what they forbid no longer is not told below",
              ),
          ];

/** Packages of which the engine makes a provider by the stack's config. */
const PROVIDER = /^(?:openstack|command):/;

const config = ({ changes }: Situation): Risk[] =>
    changes.beside.config.map(({ key, before, after }) => {
        const change =
            after === ANOTHER
                ? "its secret becomes another one, or the same is encrypted anew; neither is shown"
                : `goes from ${said(before)} to ${said(after)}`;
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

/** What the repository changes and no resource shows; needs a base. */
export const stackFileRisks = (situation: Situation): Risk[] => [
    ...access(situation),
    ...hostAccess(situation),
    ...otherHosts(situation),
    ...exemptions(situation),
    ...policyPack(situation),
    ...config(situation),
];
