import { shown } from "../core/problem";

/** A resource that one rule leaves alone until a day, and why. */
export interface Exemption {
    rule: string;
    /** Name or URN of the resource. */
    resource: string;
    reason: string;
    /** Last day, YYYY-MM-DD in UTC. */
    expires: string;
}

const DAY_MS = 86_400_000;

/** The day of a moment, as exemptions write it. */
export const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10);

const isDay = (text: unknown): text is string =>
    typeof text === "string" &&
    /^\d{4}-\d{2}-\d{2}$/.test(text) &&
    !Number.isNaN(Date.parse(text)) &&
    dayOf(new Date(text)) === text;

const isText = (value: unknown): value is string =>
    typeof value === "string" && value.trim().length > 0;

/** Whole days from `today` to `expires`; negative for an expired one. */
export const daysLeft = ({ expires }: Exemption, today: string): number =>
    (Date.parse(expires) - Date.parse(today)) / DAY_MS;

/** Why an entry of `cinder-dr:exemptions` cannot be one, or undefined. */
export function exemptionFault(entry: unknown): string | undefined {
    if (typeof entry !== "object" || entry === null)
        return `must be rule, resource, reason and expires, got ${shown(entry)}`;
    const { rule, resource, reason, expires, ...rest } = entry as Record<string, unknown>;
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined)
        return `must have only rule, resource, reason and expires, got ${shown(unknown)}`;
    if (!isText(rule)) return "must name the rule";
    if (!isText(resource)) return "must name the resource";
    if (!isText(reason)) return "must give a reason";
    if (!isDay(expires)) return `must end on a day, expires: YYYY-MM-DD, got ${shown(expires)}`;
    return undefined;
}

/** A day without quotes is a moment to YAML, and this is how the engine writes a moment. */
const MIDNIGHT = / 00:00:00 \+0000 UTC$/;

const withDay = (entry: unknown): unknown => {
    if (typeof entry !== "object" || entry === null || !("expires" in entry)) return entry;
    const { expires } = entry;
    return typeof expires === "string"
        ? { ...entry, expires: expires.replace(MIDNIGHT, "") }
        : entry;
};

/** The entries of the stack's config `cinder-dr:exemptions`, right or wrong. */
export function entriesOf(given: unknown): unknown[] {
    if (given === undefined || given === null) return [];
    return (Array.isArray(given) ? given : [given]).map(withDay);
}

export const isWhole = (entry: unknown): entry is Exemption => exemptionFault(entry) === undefined;

/** Whether one of `exemptions` lets `rule` pass over the resource today. */
export const isExempt = (
    exemptions: readonly unknown[],
    rule: string,
    resource: { name: string; urn: string },
    today: string,
): boolean =>
    exemptions.some(
        (e) =>
            isWhole(e) &&
            e.rule === rule &&
            (e.resource === resource.name || e.resource === resource.urn) &&
            daysLeft(e, today) >= 0,
    );
