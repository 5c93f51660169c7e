import { wordsOf } from "../core/problem";
import { standingOf, type HostReport, type HostStanding } from "../core/hostReport";
import { hostRequest } from "../core/hostRequest";
import type { Host, Topology } from "../core/topology";
import { askHost } from "./askHost";
import { inParallel } from "./parallel";

/** Hosts asked at once. */
const HOSTS_AT_A_TIME = 20;
const REPORT_SECONDS = 30;

/** Where every host of the topology stands, in its order. Connects to no host that is named unreachable. */
export const rollout = (
    { hosts, backends, timeouts }: Topology,
    signal: AbortSignal,
): Promise<HostStanding[]> =>
    inParallel(hosts, HOSTS_AT_A_TIME, signal, (host) => look(host, backends, timeouts));

async function look(
    host: Host,
    backends: Topology["backends"],
    timeouts: Topology["timeouts"],
): Promise<HostStanding> {
    const { name, unreachable } = host;
    if (unreachable !== undefined)
        return {
            host: name,
            standing: "not applied",
            fact: `unreachable: ${unreachable}`,
            next: "take `unreachable` out of the topology when the host is back",
        };
    try {
        const request = hostRequest(host, backends, timeouts);
        const report = await askHost<HostReport>(host, "report", request, REPORT_SECONDS);
        return standingOf(name, report);
    } catch (error) {
        // One host that cannot be asked must not hide the others.
        const fact = wordsOf(error);
        return { host: name, standing: "not reached", fact, next: "" };
    }
}
