import type { PoolView } from "../core/replica";
import { toShell, type Words } from "../core/shell";
import type { Site } from "../core/topology";
import type { CephSite } from "./cephSite";
import { RemoteError, SshHost } from "./ssh";

/** A daemon that runs as a systemd unit somewhere. */
interface Unit {
    ssh: SshHost;
    asRoot: Words;
    unit: string;
}

const STOP_SECONDS = 40;

/**
 * Ends a unit at once: systemd is told to stop it, so that it does not start it again, and the process is then killed.
 * rbd-mirror does not obey SIGTERM for 11 s while the other site is dead, and Cinder's promotions need its locks.
 */
const END = `u="$1"; p=$(systemctl show -p MainPID "$u") || exit 3; p=\${p#MainPID=}
case "$p" in ''|0|*[!0-9]*) systemctl stop "$u"; echo stopped; exit;; esac
systemctl stop "$u" & sleep 0.2; kill -KILL "$p" 2>/dev/null; wait $!; kill -0 "$p" 2>/dev/null && exit 4; echo killed`;

/** The first of these units that runs. */
const FIND = `for u; do p=$(systemctl show -p MainPID "$u" 2>/dev/null); p=\${p#MainPID=}
case "$p" in ''|0|*[!0-9]*) ;; *) echo "$u"; exit 0;; esac; done; exit 3`;

/** The rbd-mirror daemons of one site, where the topology says they run, else on its admin host. */
export class MirrorDaemons {
    private units: Unit[] | undefined;

    constructor(
        private readonly at: CephSite,
        private readonly site: Site,
    ) {}

    private async find(view: PoolView): Promise<Unit[]> {
        if (this.units !== undefined) return this.units;
        const { hosts } = this.site.rbdMirror;
        if (hosts.length > 0)
            return (this.units = hosts.map((host) => ({
                ssh: new SshHost(host.name, host.connection),
                asRoot: host.connection.user === "root" ? [] : ["sudo", "-n"],
                unit: `${host.unit.replace(/\.service$/, "")}.service`,
            })));
        const admin = this.site.adminHost;
        const ssh = new SshHost(`site ${this.site.name} (${admin.address})`, admin);
        const asRoot = admin.user === "root" ? [] : ["sudo", "-n"];
        this.units = [];
        for (const { name } of view.daemons.list ?? []) {
            // The service map names a daemon without the `rbd-mirror.` that its Ceph user often has.
            const known = [`rbd-mirror.${name}`, name].map((id) => `ceph-rbd-mirror@${id}.service`);
            const { code, stdout } = await ssh.run(
                [...asRoot, "sh", "-c", FIND, "sh", ...known],
                STOP_SECONDS,
            );
            if (code === 0) this.units.push({ ssh, asRoot, unit: stdout.toString("utf8").trim() });
        }
        return this.units;
    }

    /**
     * Ends every daemon of the site.
     * @returns how it went, for the report, and what to start again
     * @throws RemoteError when a daemon that the service map names cannot be ended from here
     */
    async stop(view: PoolView): Promise<{ how: string; units: string[] }> {
        if (this.site.rbdMirror.orchestrator !== undefined) {
            await this.orchestrate("stop");
            return { how: "stopped in order by the orchestrator", units: ["orchestrator"] };
        }
        const units = await this.find(view);
        const named = view.daemons.list?.length ?? 0;
        if (units.length === 0 && named > 0)
            throw new RemoteError(
                `site ${this.site.name}`,
                "rbd-mirror runs, and not as a unit of its admin host: declare sites.<site>.rbdMirror.hosts, or stop it yourself and say --rbd-mirror-stopped",
            );
        const said: string[] = [];
        for (const { ssh, asRoot, unit } of units) {
            const { code, stdout, stderr } = await ssh.run(
                [...asRoot, "sh", "-c", END, "sh", unit],
                STOP_SECONDS,
            );
            if (code !== 0)
                throw new RemoteError(
                    ssh.name,
                    `${unit} cannot be ended: exit code ${String(code)}: ${stderr}`,
                );
            said.push(`${unit} ${stdout.toString("utf8").trim()}`);
        }
        return {
            how: said.length === 0 ? "none runs" : said.join(", "),
            units: units.map(({ unit }) => unit),
        };
    }

    /** Starts again what {@link stop} ended. */
    async start(view: PoolView, names: readonly string[]): Promise<string> {
        if (names.includes("orchestrator")) {
            await this.orchestrate("start");
            return "started by the orchestrator";
        }
        const known = this.units ?? (await this.find(view));
        for (const name of names) {
            const { ssh, asRoot } = known.find(({ unit }) => unit === name) ?? this.onAdminHost();
            const words = [...asRoot, "systemctl", "start", name];
            const { code, stderr } = await ssh.run(words, STOP_SECONDS);
            if (code !== 0)
                throw new RemoteError(
                    ssh.name,
                    `${toShell(words)}: exit code ${String(code)}: ${stderr}`,
                );
        }
        return names.length === 0 ? "none was stopped" : `${names.join(", ")} started`;
    }

    private onAdminHost(): Omit<Unit, "unit"> {
        const admin = this.site.adminHost;
        return {
            ssh: new SshHost(this.site.name, admin),
            asRoot: admin.user === "root" ? [] : ["sudo", "-n"],
        };
    }

    private async orchestrate(verb: "stop" | "start"): Promise<void> {
        const { code, stderr } = await this.at.ceph(["orch", verb, "rbd-mirror"]);
        if (code !== 0)
            throw new RemoteError(this.site.name, `ceph orch ${verb} rbd-mirror: ${stderr}`);
    }

    close(): void {
        for (const { ssh } of this.units ?? []) ssh.close();
    }
}
