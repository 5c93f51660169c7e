import { isSeen, newestStamp, type PoolView } from "./replica";
import type { ServiceRow } from "./service";
import type { Survey } from "./survey";
import type { Role } from "./topology/site";

/** What lies between a cluster's daemons' clocks, and between two questions of one look. */
const SKEW_SECONDS = 10;
/** A stamp that is no older proves the clock that calls it so: rbd-mirror publishes every 30 s. */
const FRESH_SECONDS = 60;
/** Between a service's last report and a look at a site lie its `report_interval` and the look itself. */
const REPORT_SECONDS = 180;

/** When the services that Cinder calls up have last reported, seconds since the epoch. */
const reportsOf = (rows: readonly ServiceRow[]): number[] =>
    rows
        .filter(({ state }) => state === "up")
        // Cinder gives UTC without saying so.
        .map(({ updated_at: at }) => Date.parse(`${at ?? ""}Z`) / 1000)
        .filter((seconds) => !Number.isNaN(seconds));

function faultOf(view: PoolView, rows: readonly ServiceRow[]): string | undefined {
    const age = view.now - newestStamp(view);
    if (age < -SKEW_SECONDS) return `${(-age).toFixed(0)} s behind its cluster's`;
    if (age <= FRESH_SECONDS) return undefined;
    const reports = reportsOf(rows);
    if (reports.length === 0) return undefined;
    const off = view.now - Math.max(...reports);
    if (Math.abs(off) <= REPORT_SECONDS) return undefined;
    return `${Math.abs(off).toFixed(0)} s ${off > 0 ? "ahead of" : "behind"} the reports of Cinder's services`;
}

/**
 * Why the ages of what a site says cannot be told: they are counted by its admin host's clock from its cluster's stamps.
 * @returns undefined where the clocks agree, and where no other clock is seen
 */
export function clockFault({ views, rows }: Survey, role: Role): string | undefined {
    const view = views[role];
    const fault = isSeen(view) ? faultOf(view, rows) : undefined;
    return fault === undefined
        ? undefined
        : `its admin host's clock is ${fault}: how old its statuses are cannot be told`;
}

export const CLOCK_CURE = "set the clock right, as the cluster's and Cinder's hosts have it";
