import type { Words } from "../core/shell";
import type { HostFacts } from "../core/survey";
import type { Backend, Host } from "../core/topology";
import type { Container } from "../core/topology/host";
import type { Role } from "../core/topology/site";
import { answerIn, withRequest, type Question } from "./hostScript";
import { RemoteError, SshHost, type CommandResult } from "./ssh";

/** What a service, cluster, volume or snapshot row holds, by field. */
type Row = Record<string, unknown>;

/** Rows of one service as host/service.py saves and writes them. */
export interface SavedRows {
    service: Row;
    cluster: Row | null;
    volumes: Record<string, Row>;
    snapshots: Record<string, Row>;
}

const LOOK_SECONDS = 40;
const ROWS_SECONDS = 120;
/** For the database and the message broker to answer; Cinder's own modules take some seconds before it. */
const CONNECT_SECONDS = 10;
const SERVICE_SECONDS = 60;

/** A container of podman's units and of quadlets is removed when it is stopped. */
const isGone = ({ stderr }: CommandResult): boolean => /no such (?:container|object)/i.test(stderr);

/** One Cinder host, asked as the service's own user with the service's own Python. */
export class CinderHost {
    private readonly ssh: SshHost;
    /** The --config-file and --config-dir of its cinder-volume when it was last seen running. */
    configArguments: readonly string[] | undefined;

    constructor(readonly host: Host) {
        this.ssh = new SshHost(host.name, host.connection);
    }

    private get asRoot(): Words {
        return this.host.connection.user === "root" ? [] : ["sudo", "-n"];
    }

    /** The service's Python as the service's user, reading its script from stdin. */
    private get python(): Words {
        const { service, serviceUser, python } = this.host;
        if ("container" in service) {
            const { engine, name, python: inside } = service.container;
            return [
                ...this.asRoot,
                engine,
                "exec",
                "-i",
                "-u",
                serviceUser,
                name,
                inside,
                "-I",
                "-",
            ];
        }
        return [...this.asRoot, "runuser", "-u", serviceUser, "--", python, "-I", "-"];
    }

    /** Which files it is to read: those of the running process, or as it was last seen, or the topology's. */
    private get sources(): Record<string, unknown> {
        const { service, configFile } = this.host;
        return {
            config: "container" in service ? service.container.configFile : configFile,
            ...("systemd" in service ? service.systemd : {}),
            ...(this.configArguments === undefined ? {} : { arguments: this.configArguments }),
        };
    }

    private async ask<T>(request: Question, seconds: number): Promise<T> {
        const whole = { ...request, ...this.sources };
        const result = await this.ssh.run(this.python, seconds, withRequest("service.py", whole));
        const answer = answerIn(result) as (T & { error?: string }) | undefined;
        if (answer === undefined) throw this.failure(request.do, result);
        if (answer.error !== undefined && request.do !== "look")
            throw new RemoteError(this.host.name, `${request.do}: ${answer.error}`);
        return answer;
    }

    private failure(what: string, { code, stderr }: CommandResult): RemoteError {
        const said = stderr.split("\n").at(-1) ?? "";
        return new RemoteError(this.host.name, `${what}: exit code ${String(code)}: ${said}`);
    }

    /** Which service it runs for a backend, and whether it reaches both sites by the very names Cinder uses. */
    async look(backend: Backend, sides: readonly Role[], seconds: number): Promise<HostFacts> {
        const { replicationDevice: device } = backend;
        const at = {
            primary: { cluster: backend.clusterName, conf: backend.conf, user: backend.user },
            secondary: { cluster: device.backendId, conf: device.conf, user: device.user },
        };
        const request = {
            do: "look",
            section: backend.section,
            pool: backend.pool,
            seconds,
            sides: Object.fromEntries(sides.map((side) => [side, at[side]])),
        };
        const { name } = this.host;
        try {
            const answer = await this.ask<{
                service: string | null;
                secrets?: boolean;
                template?: string;
                error?: string;
                arguments?: string[] | null;
                reach?: Partial<Record<Role, string | null>>;
            }>(request, LOOK_SECONDS);
            this.configArguments = answer.arguments ?? this.configArguments;
            if (answer.service === null || answer.reach === undefined)
                return {
                    name,
                    reach: {},
                    unseen: answer.error ?? "its configuration names no service",
                };
            const reach = Object.fromEntries(
                Object.entries(answer.reach).filter(([, trouble]) => trouble !== null),
            ) as Partial<Record<Role, string>>;
            return {
                name,
                service: answer.service,
                reach,
                ...(answer.secrets === undefined ? {} : { secrets: answer.secrets }),
                ...(answer.template === undefined ? {} : { template: answer.template }),
            };
        } catch (error) {
            if (!(error instanceof RemoteError)) throw error;
            return { name, reach: {}, unseen: error.message };
        }
    }

    /** Connects to Cinder's database and message broker, and changes nothing. @returns why one of them does not answer */
    async connect(): Promise<string | undefined> {
        const request = { do: "connect", seconds: CONNECT_SECONDS };
        try {
            const { trouble } = await this.ask<{ trouble: string | null }>(request, LOOK_SECONDS);
            return trouble ?? undefined;
        } catch (error) {
            if (!(error instanceof RemoteError)) throw error;
            return error.message;
        }
    }

    /** Rows of the service and of its volumes and snapshots, as they are now. */
    saveRows(service: string): Promise<SavedRows> {
        return this.ask<SavedRows>({ do: "save", service }, ROWS_SECONDS);
    }

    /** Sets rows through Cinder's own objects. @returns how many changed */
    async writeRows(service: string, rows: SavedRows): Promise<number> {
        const request = { do: "write", service, rows };
        return (await this.ask<{ changed: number }>(request, ROWS_SECONDS)).changed;
    }

    /** Sets rows of volumes alone. @returns how many changed */
    writeVolumes(service: string, volumes: SavedRows["volumes"]): Promise<number> {
        return this.writeRows(service, { service: {}, cluster: null, volumes, snapshots: {} });
    }

    /** Drops what waits in the service's queue. @returns how many messages */
    async drain(service: string): Promise<number> {
        const request = { do: "drain", service };
        return (await this.ask<{ dropped: number }>(request, SERVICE_SECONDS)).dropped;
    }

    private async must(what: string, words: Words, seconds = SERVICE_SECONDS): Promise<void> {
        const result = await this.ssh.run([...this.asRoot, ...words], seconds);
        if (result.code !== 0) throw this.failure(what, result);
    }

    restart(): Promise<void> {
        const { service } = this.host;
        if ("commands" in service) return this.must("restart", service.commands.restart);
        if ("systemd" in service)
            return this.must("restart", ["systemctl", "restart", service.systemd.unit]);
        const { engine, name, unit } = service.container;
        const words =
            unit === undefined ? [engine, "restart", name] : ["systemctl", "restart", unit];
        return this.must("restart", words);
    }

    /** Whether the topology says how its service is stopped; a restart command alone does not. */
    get canStop(): boolean {
        return !("commands" in this.host.service);
    }

    /** Whether its service manager has the service running, be it hung; true where the topology names commands alone. */
    async runs(): Promise<boolean> {
        const { service } = this.host;
        if ("commands" in service) return true;
        if ("systemd" in service) return this.isActive(service.systemd.unit);
        const { unit } = service.container;
        return (
            (await this.isUp(service.container)) ||
            // It may be about to start again.
            (unit !== undefined && (await this.isActive(unit)))
        );
    }

    private async isActive(unit: string): Promise<boolean> {
        const { stdout } = await this.ssh.run([...this.asRoot, "systemctl", "is-active", unit], 20);
        return !/^(inactive|failed|unknown)/.test(stdout.toString("utf8").trim());
    }

    private async isUp({ engine, name }: Container): Promise<boolean> {
        const words = [engine, "inspect", "--format", "{{.State.Running}}", name];
        const result = await this.ssh.run([...this.asRoot, ...words], 20);
        if (result.code !== 0 && !isGone(result)) throw this.failure("inspect", result);
        return result.stdout.toString("utf8").trim() === "true";
    }

    /** Stops the service though it hangs: asks, and ends what is left after a moment. One that it cannot stop is down. */
    async stop(): Promise<void> {
        const { service } = this.host;
        if ("commands" in service) return;
        await ("container" in service
            ? this.stopContainer(service.container)
            : this.stopUnit(service.systemd.unit));
    }

    private async stopContainer({ engine, name, unit }: Container): Promise<void> {
        // First, or the unit starts again what ends without it; not awaited, since its own stop has more patience.
        if (unit !== undefined) await this.must("stop", ["systemctl", "stop", "--no-block", unit]);
        const words = [...this.asRoot, engine, "stop", "-t", "5", name];
        const result = await this.ssh.run(words, SERVICE_SECONDS);
        if (result.code !== 0 && !isGone(result)) throw this.failure("stop", result);
        if (unit !== undefined) await this.must("stop", ["systemctl", "stop", unit]);
    }

    private async stopUnit(unit: string): Promise<void> {
        const asked = await this.ssh.run(
            [...this.asRoot, "timeout", "8", "systemctl", "stop", unit],
            20,
        );
        if (asked.code === 0) return;
        // It fails where the last process has just ended; whether all have, the stop after it says.
        await this.ssh.run([...this.asRoot, "systemctl", "kill", "-s", "KILL", unit], 20);
        await this.must("stop", ["systemctl", "stop", unit], 30);
    }

    /** Starts the service that was stopped; one that has come up meanwhile has read what stood in its row then. */
    async startAnew(): Promise<void> {
        if (this.canStop && (await this.runs())) await this.stop();
        await this.restart();
    }

    close(): void {
        this.ssh.close();
    }
}
