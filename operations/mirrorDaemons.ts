import { noteOf } from "../core/operation";
import { blocker } from "../core/blocker";
import type { Finding } from "../core/finding";
import { daemonsOf, sayDaemon } from "../core/mirrorDaemons";
import type { PoolView } from "../core/replica";
import { toShell, type Words } from "../core/shell";
import type { Site } from "../core/topology";
import type { RbdMirrorHost } from "../core/topology/rbdMirror";
import type { CephSite } from "./cephSite";
import type { Journal } from "./journal";
import { namedDaemons } from "./namedDaemons";
import { RefusedError } from "./operationEnd";
import { OrchestratedMirror } from "./orchestratedMirror";
import type { Run } from "./run";
import { SshHost, type CommandResult } from "./ssh";
import { RemoteError } from "./remoteError";

const STOP_SECONDS = 40;

/**
 * Ends a unit at once: systemd is told to stop it, so that it does not start it again, and the process is then killed.
 * rbd-mirror does not obey SIGTERM for 11 s while the other site is dead, and Cinder's promotions need its locks.
 */
const END = `u="$1"; p=$(systemctl show -p MainPID "$u") || exit 3; p=\${p#MainPID=}
case "$p" in ''|0|*[!0-9]*) systemctl stop "$u"; echo stopped; exit;; esac
systemctl stop "$u" & sleep 0.2; kill -KILL "$p" 2>/dev/null; wait $!; kill -0 "$p" 2>/dev/null && exit 4; echo killed`;

/** The first of these units that runs; exit code 3 where none does. */
const FIND = `for u; do p=$(systemctl show -p MainPID "$u" 2>/dev/null); p=\${p#MainPID=}
case "$p" in ''|0|*[!0-9]*) ;; *) echo "$u"; exit 0;; esac; done; exit 3`;

const ORCHESTRATOR = "orchestrator";

/** The journal's step with the names of the target's rbd-mirror daemons. */
export const DAEMONS = "rbd-mirror daemons";

/** The daemons that an operation ends; noted before, so that a killed run's are started again. */
export const stoppedDaemons = ({ entries }: Journal): string[] | undefined =>
    noteOf(entries, DAEMONS) as string[] | undefined;

/** Starts again what an operation has ended, as for a refusal: replication must go on as before. */
export async function startStopped({ parts, journal }: Run): Promise<void> {
    const names = stoppedDaemons(journal) ?? [];
    if (names.length === 0) return;
    const daemons = new MirrorDaemons(parts.sites.secondary, parts.topology.sites.secondary);
    try {
        await journal.always("start rbd-mirror", () => daemons.start(names));
    } finally {
        daemons.close();
    }
}

const asRoot = ({ user }: { user?: string | undefined }): Words =>
    user === "root" ? [] : ["sudo", "-n"];

/**
 * The rbd-mirror daemons of one site, where the topology says they run, else on its admin host. A daemon is named
 * `orchestrator`, `UNIT` on the admin host or `UNIT on HOST`; a journal keeps the names.
 */
export class MirrorDaemons {
    private readonly connections = new Map<string, SshHost>();

    constructor(
        private readonly at: CephSite,
        private readonly site: Site,
    ) {}

    /**
     * The daemons that run.
     * @throws RefusedError when the service map names a daemon that cannot be ended from here
     */
    async running(view: PoolView, found: (finding: Finding) => void): Promise<string[]> {
        const { hosts, orchestrator } = this.site.rbdMirror;
        if (orchestrator !== undefined) return [ORCHESTRATOR];
        if (hosts.length > 0) {
            const ask = (host: RbdMirrorHost, unit: string) =>
                this.run(host.name, ["sh", "-c", FIND, "sh", unit]);
            return namedDaemons(this.at, view, ask, found);
        }
        const daemons = daemonsOf(view);
        // Two on two hosts may share a Ceph user, and with it the name of their unit.
        const units = new Set<string>();
        for (const { name } of daemons) {
            const unit = await this.unitOf(name);
            if (unit !== undefined) units.add(unit);
        }
        if (units.size < daemons.length) throw this.elsewhere(daemons.map(sayDaemon), units.size);
        return [...units];
    }

    /** The running unit of a daemon on the admin host. */
    private async unitOf(name: string): Promise<string | undefined> {
        // The service map names a daemon without the `rbd-mirror.` that its Ceph user often has.
        const known = [`rbd-mirror.${name}`, name].map((id) => `ceph-rbd-mirror@${id}.service`);
        const { code, stdout } = await this.run(undefined, ["sh", "-c", FIND, "sh", ...known]);
        return code === 0 ? stdout.toString("utf8").trim() : undefined;
    }

    /** Whoever is left running takes the locks of the images that the others had, and no promotion gets them. */
    private elsewhere(daemons: readonly string[], found: number): RefusedError {
        const { name } = this.site;
        return new RefusedError(
            `refused, nothing was changed: ${String(daemons.length)} rbd-mirror daemon(s) run for site ${name}, and ${String(found)} of them as a unit of its admin host`,
            [
                blocker(
                    `site ${name}`,
                    `its service map has rbd-mirror ${daemons.join(", ")}`,
                    `one that has ended leaves the service map within a minute: then the same command again; else, with \`mirroring\` in the topology, name the hosts of all in sites.${this.at.role}.rbdMirror.hosts; or stop all by hand, there and on the admin host, and say --rbd-mirror-stopped`,
                ),
            ],
        );
    }

    /**
     * Ends daemons; one that is ended already stays so.
     * @returns how it went, for the report
     */
    async stop(
        names: readonly string[],
        run: Pick<Run, "signal" | "doing" | "journal">,
    ): Promise<string> {
        const said: string[] = [];
        for (const name of names) {
            if (name === ORCHESTRATOR) {
                await new OrchestratedMirror(this.at).stop(run);
                said.push("stopped in order by the orchestrator");
                continue;
            }
            const [unit = "", host] = name.split(" on ");
            const { code, stdout, stderr } = await this.run(host, ["sh", "-c", END, "sh", unit]);
            if (code !== 0)
                throw new RemoteError(
                    host ?? this.site.name,
                    `${unit} cannot be ended: exit code ${String(code)}: ${stderr}`,
                );
            said.push(`${name} ${stdout.toString("utf8").trim()}`);
        }
        return said.length === 0 ? "none runs" : said.join(", ");
    }

    /** Starts daemons, each though another cannot be started; one that runs stays as it is. */
    async start(names: readonly string[]): Promise<string> {
        const failed: unknown[] = [];
        for (const name of names)
            await this.startOne(name).catch((error: unknown) => failed.push(error));
        if (failed.length > 0) throw failed[0];
        return names.length === 0 ? "none was stopped" : `${names.join(", ")} started`;
    }

    private async startOne(name: string): Promise<void> {
        if (name === ORCHESTRATOR) return new OrchestratedMirror(this.at).start();
        const [unit = "", host] = name.split(" on ");
        const words = ["systemctl", "start", unit];
        const { code, stderr } = await this.run(host, words);
        if (code !== 0)
            throw new RemoteError(
                host ?? this.site.name,
                `${toShell(words)}: exit code ${String(code)}: ${stderr}`,
            );
    }

    /** Runs words as root on a host of the topology's `rbdMirror`, or on the admin host. */
    private run(host: string | undefined, words: Words): Promise<CommandResult> {
        const known = this.site.rbdMirror.hosts.find(({ name }) => name === host);
        if (host !== undefined && known === undefined)
            throw new RemoteError(host, `is not in rbdMirror.hosts of site ${this.site.name}`);
        const connection = known?.connection ?? this.site.adminHost;
        const name = host ?? `site ${this.site.name} (${connection.address})`;
        const ssh = this.connections.get(name) ?? new SshHost(name, connection);
        this.connections.set(name, ssh);
        return ssh.run([...asRoot(connection), ...words], STOP_SECONDS);
    }

    close(): void {
        for (const ssh of this.connections.values()) ssh.close();
    }
}
