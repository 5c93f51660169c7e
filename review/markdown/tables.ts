import type { Change, Kind, ValueChange } from "../changes";
import type { Review } from "../judge";
import type { PolicyResult } from "../steps";
import { code, count, names, prose, row, table } from "./text";

const KINDS: Record<Kind, string> = { added: "new", removed: "gone", changed: "changes" };

const value = (text: string | undefined): string => (text === undefined ? "–" : code(text));

/** Things that change in the same way stand on one row. */
function grouped(
    changes: readonly Change[],
): { kind: Kind; values: ValueChange[]; names: string[] }[] {
    const groups = new Map<
        string,
        { kind: Kind; values: ValueChange[]; all: ValueChange[]; names: string[] }
    >();
    for (const { name, kind, values } of changes) {
        // What every host has of its own would make each a group.
        const shared = kind === "changed" ? values : values.filter(({ key }) => !OWN.has(key));
        const key = JSON.stringify([kind, shared]);
        const group = groups.get(key) ?? { kind, values: shared, all: values, names: [] };
        group.names.push(name);
        groups.set(key, group);
    }
    // One that is alone is shown whole.
    return [...groups.values()].map(({ kind, values, all, names }) => ({
        kind,
        values: names.length === 1 ? all : values,
        names,
    }));
}

const OWN = new Set(["address", "hostKey", "port"]);

function rows(kind: string, changes: readonly Change[]): string[] {
    return grouped(changes).flatMap(({ kind: how, values, names: all }) => {
        const who = `${kind} ${names(all, 6)}`;
        if (values.length === 0) return [row(who, KINDS[how], "", "")];
        return values.map(({ key, before, after }, i) =>
            row(
                i === 0 ? who : "",
                i === 0 ? KINDS[how] : "",
                code(key),
                `${value(before)} → ${value(after)}`,
            ),
        );
    });
}

/** Before and after of everything that is declared, in the field's words. */
export function beforeAndAfter({ changes }: Review): string[] {
    const { sites, settings, backends, hosts, types, ceph, beside } = changes;
    const plain = (what: string, values: readonly ValueChange[]) =>
        values.map(({ key, before, after }, i) =>
            row(i === 0 ? what : "", "", code(key), `${value(before)} → ${value(after)}`),
        );
    const all = [
        ...plain("sites", sites),
        ...rows("backend", backends),
        ...rows("volume type", types),
        ...rows("host", hosts),
        ...rows("Ceph:", ceph),
        ...plain("rollout and limits", settings),
        ...plain("how it is reached", beside.access),
        ...plain("otherHosts of backend", beside.otherHosts),
        ...plain("exemption", beside.exemptions),
        ...plain("stack's config", beside.config),
    ];
    return all.length === 0 ? [] : table(["What", "", "Value", "Before → after"], all);
}

const SEVERITIES = ["critical", "high", "medium", "low"];
const rank = ({ level, severity }: PolicyResult): number =>
    (level === "mandatory" ? 0 : 10) + ((SEVERITIES.indexOf(severity) + 5) % 5);

/** What the policies say, mandatory and worst first; the same policy of many resources once. */
export function policyTable({ policies }: Review): string[] {
    const groups = new Map<string, PolicyResult[]>();
    for (const policy of [...policies].sort((a, b) => rank(a) - rank(b))) {
        const key = `${policy.level} ${policy.policy}`;
        groups.set(key, [...(groups.get(key) ?? []), policy]);
    }
    const all = [...groups.values()].flatMap((group) => {
        const shown = group
            .slice(0, 3)
            .map(({ level, severity, policy, message }) =>
                row(`**${level}**`, severity || "–", code(policy), prose(message)),
            );
        const more = group.length - shown.length;
        return more > 0
            ? [
                  ...shown,
                  row(
                      "",
                      "",
                      "",
                      `${count(more, "more resource")}: ${names(
                          group.slice(3).map((p) => p.resource),
                          6,
                      )}`,
                  ),
              ]
            : shown;
    });
    return all.length === 0 ? [] : table(["Level", "Severity", "Policy", "It says"], all);
}

/** What changes comes before what stays, in the order of Pulumi's own summary. */
const ORDER = ["create", "import", "update", "replace", "delete", "discard", "read", "same"];
const place = (op: string): number => (ORDER.indexOf(op) + ORDER.length + 1) % (ORDER.length + 1);

/** The engine's own counts, as `pulumi preview` shows them. */
export const counts = ({ counts: all }: Review): string =>
    Object.entries(all)
        .sort(([a], [b]) => place(a) - place(b))
        .map(([op, n]) => `${String(n)} ${op}`)
        .join(", ");
