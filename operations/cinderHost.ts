import type { Words } from "../core/shell";
import type { HostFacts } from "../core/survey";
import type { Backend } from "../core/topology";
import type { Role } from "../core/topology/site";
import { answerIn, withRequest, type Question } from "./hostScript";
import { SERVICE_SECONDS, ServiceHost } from "./serviceHost";
import { RemoteError } from "./remoteError";

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
/** For reading rows: 36 s were seen for 5,000 volumes with 20,000 snapshots. */
const ROWS_SECONDS = 120;
/**
 * Added for each volume and snapshot that is written, one by one through Cinder's objects: 0.016 s were seen for each of
 * 2,500 volumes and 10,000 snapshots.
 */
const WRITE_SECONDS_EACH = 0.05;
/** For the database and the message broker to answer; Cinder's own modules take some seconds before it. */
const CONNECT_SECONDS = 10;

/** One Cinder host, asked as the service's own user with the service's own Python. */
export class CinderHost extends ServiceHost {
    /** The --config-file and --config-dir of its cinder-volume when it was last seen running. */
    configArguments: readonly string[] | undefined;

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
        const count = Object.keys(rows.volumes).length + Object.keys(rows.snapshots).length;
        const seconds = ROWS_SECONDS + Math.ceil(count * WRITE_SECONDS_EACH);
        return (await this.ask<{ changed: number }>(request, seconds)).changed;
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
}
