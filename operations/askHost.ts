import { hostCommand } from "../core/hostCommand";
import type { HostRequest } from "../core/hostRequest";
import type { Host } from "../core/topology";
import { readScript } from "./hostScript";
import { SshHost } from "./ssh";
import { RemoteError } from "./remoteError";

/**
 * Asks one Cinder host by a verb of `host/apply.py` that changes nothing, over one connection.
 * @param seconds limit on the host
 * @throws RemoteError when the host cannot be asked
 */
export async function askHost<T>(
    host: Host,
    verb: "inspect" | "report",
    request: HostRequest,
    seconds: number,
): Promise<T> {
    const ssh = new SshHost(host.name, host.connection);
    const code = readScript("apply.py");
    const stdin = Buffer.concat([
        Buffer.from(`${String(code.length)}\n`),
        code,
        Buffer.from(`${JSON.stringify(request)}\n`),
    ]);
    try {
        const result = await ssh.run(hostCommand(host, verb), seconds, stdin);
        const line = /^CINDER_DR_RESULT (.*)$/m.exec(result.stdout.toString("utf8"))?.[1];
        if (line === undefined)
            throw new RemoteError(
                host.name,
                `${verb}: exit code ${String(result.code)}: ${result.stderr.split("\n").at(-1) ?? ""}`,
            );
        return JSON.parse(line) as T;
    } finally {
        ssh.close();
    }
}
