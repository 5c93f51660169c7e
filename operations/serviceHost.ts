import type { Words } from "../core/shell";
import type { Host } from "../core/topology";
import type { Container } from "../core/topology/host";
import { saidLast } from "./hostScript";
import { SshHost, type CommandResult } from "./ssh";
import { RemoteError } from "./remoteError";

/** Limit of a word to the service manager, or to the queue of the service. */
export const SERVICE_SECONDS = 60;

/** A container of podman's units and of quadlets is removed when it is stopped. */
const isGone = ({ stderr }: CommandResult): boolean => /no such (?:container|object)/i.test(stderr);

/** A host's cinder-volume, as its service manager has it. */
export class ServiceHost {
    protected readonly ssh: SshHost;

    constructor(readonly host: Host) {
        this.ssh = new SshHost(host.name, host.connection);
    }

    protected get asRoot(): Words {
        return this.host.connection.user === "root" ? [] : ["sudo", "-n"];
    }

    protected failure(what: string, result: CommandResult): RemoteError {
        const fact = `${what}: exit code ${String(result.code)}: ${saidLast(result)}`;
        return new RemoteError(this.host.name, fact);
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
