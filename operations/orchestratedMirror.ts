import type { Words } from "../core/shell";
import type { CephSite } from "./cephSite";
import { PartialError } from "./operationEnd";
import type { Run } from "./run";
import { RemoteError } from "./remoteError";
import { InterruptedError, waitFor, WaitError } from "./wait";

/**
 * A daemon that stops in order says goodbye to the mgr. One that was killed, as containers are 10 s after a SIGTERM that
 * they do not obey, stays in the service map for `mgr_service_beacon_grace`, 60 s, after its last beacon.
 */
const STOPPED_SECONDS = 90;
/** Each question is a process on the admin host and, by the orchestrator, one on the daemon's host. */
const ASK_MILLISECONDS = 3000;

const SERVICE = "rbd-mirror";

/** A daemon as `ceph orch ps --format json` says. */
interface OrchestratedDaemon {
    daemon_type: string;
    daemon_id: string;
    hostname: string;
    /** running, stopped, error, starting, unknown */
    status_desc?: string;
    /** When the orchestrator last looked at its host. */
    last_refresh?: string;
}

interface ServiceDump {
    services?: Record<string, { daemons?: Record<string, unknown> }>;
}

const nameOf = (daemon: OrchestratedDaemon): string => `${daemon.daemon_type}.${daemon.daemon_id}`;

/** `error` is systemd's `failed`, as of one that did not obey and was killed. */
const isStopped = ({ status_desc }: OrchestratedDaemon): boolean =>
    status_desc === "stopped" || status_desc === "error";

/** The rbd-mirror daemons of a site that `ceph orch` runs. */
export class OrchestratedMirror {
    constructor(private readonly at: CephSite) {}

    start(): Promise<void> {
        return this.order("start");
    }

    /**
     * `ceph orch stop` only schedules it, and promotions need the locks that the daemons hold.
     * @throws PartialError when one still runs after a while
     */
    async stop({
        signal,
        doing,
        journal,
    }: Pick<Run, "signal" | "doing" | "journal">): Promise<void> {
        const before = await this.listed();
        await this.order("stop");
        doing("waiting until the orchestrator has stopped rbd-mirror");
        let last: string[] = [];
        const ask = async (): Promise<true | undefined> => {
            last = await this.left(before);
            return last.length === 0 ? true : undefined;
        };
        try {
            await waitFor(ask, {
                what: "rbd-mirror to stop",
                seconds: STOPPED_SECONDS,
                every: ASK_MILLISECONDS,
                signal,
            });
        } catch (error) {
            if (!(error instanceof WaitError) || error instanceof InterruptedError) throw error;
            throw this.stillRuns(last, journal.id);
        }
    }

    private stillRuns(daemons: readonly string[], id: string): PartialError {
        return new PartialError(
            `site ${this.at.site.name}: ${String(STOPPED_SECONDS)} s after \`ceph orch stop ${SERVICE}\` these may still run: ${daemons.join(", ")}`,
            [
                `stop each rbd-mirror there by hand (\`ceph orch daemon stop NAME\`, or its unit on its host), then \`cinder-dr resume ${id} --rbd-mirror-stopped\``,
            ],
        );
    }

    /** Daemons that may still run. Either the service map or the orchestrator is believed that none does. */
    private async left(before: readonly OrchestratedDaemon[]): Promise<string[]> {
        const mapped = await this.mapped();
        if (mapped?.length === 0 || before.length === 0)
            return mapped ?? ["the service map cannot be seen"];
        const hosts = [...new Set(before.map(({ hostname }) => hostname))];
        const now = (await Promise.all(hosts.map((host) => this.listed(host)))).flat();
        return before
            .filter((one) => {
                const seen = now.find((other) => nameOf(other) === nameOf(one));
                // What it says from before the stop is of no use: it looks at a host every 10 minutes, or when asked to.
                return !(
                    seen !== undefined &&
                    isStopped(seen) &&
                    seen.last_refresh !== one.last_refresh
                );
            })
            .map((one) => `${nameOf(one)} on ${one.hostname}`);
    }

    /** Ids in the service map; undefined where it cannot be seen. */
    private async mapped(): Promise<string[] | undefined> {
        const dump = (await this.asked(["service", "dump"])) as ServiceDump | undefined;
        if (dump === undefined) return undefined;
        // Beside the daemons stands their `summary`, a text.
        return Object.entries(dump.services?.[SERVICE]?.daemons ?? {})
            .filter(([, item]) => typeof item === "object")
            .map(([id]) => `${SERVICE} ${id}`);
    }

    /** @param host to look at anew, alone: a look at all hosts would hold up the stop itself */
    private async listed(host?: string): Promise<OrchestratedDaemon[]> {
        const where = host === undefined ? [] : [host];
        const anew = host === undefined ? [] : ["--refresh"];
        const words = ["orch", "ps", ...where, "--daemon_type", SERVICE, ...anew];
        return ((await this.asked(words)) as OrchestratedDaemon[] | undefined) ?? [];
    }

    /** undefined where it is not answered; of no daemons `orch ps` says so in plain words. */
    private async asked(words: Words): Promise<unknown> {
        const { code, stdout } = await this.at.ceph([...words, "--format", "json"]);
        const text = stdout.toString("utf8").trim();
        return code === 0 && /^[[{]/.test(text) ? JSON.parse(text) : undefined;
    }

    private async order(verb: "stop" | "start"): Promise<void> {
        const { code, stderr } = await this.at.ceph(["orch", verb, SERVICE]);
        if (code !== 0)
            throw new RemoteError(this.at.site.name, `ceph orch ${verb} ${SERVICE}: ${stderr}`);
    }
}
