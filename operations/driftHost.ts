import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { HostSeen } from "../core/drift/host";
import { hostCommand } from "../core/hostCommand";
import type { HostRequest } from "../core/hostRequest";
import type { Host } from "../core/topology";
import { RemoteError, SshHost } from "./ssh";

/** The script lies beside the sources, and one folder further up from the built package. */
function script(): Buffer {
    const file = [join(__dirname, "../host/apply.py"), join(__dirname, "../../host/apply.py")].find(
        (path) => existsSync(path),
    );
    if (file === undefined) throw new Error("host/apply.py is missing from this installation");
    return readFileSync(file);
}

/** Each side of each backend is reached once, and Cinder's modules are loaded at most once. */
const limit = ({ backends, timeouts }: HostRequest): number =>
    60 + 2 * backends.length * (timeouts.targetSeconds + 20);

/**
 * Looks at one Cinder host over one connection; changes nothing on it.
 * @throws RemoteError when the host cannot be asked
 */
export async function seeHost(host: Host, request: HostRequest): Promise<HostSeen> {
    const ssh = new SshHost(host.name, host.connection);
    const code = script();
    const stdin = Buffer.concat([
        Buffer.from(`${String(code.length)}\n`),
        code,
        Buffer.from(`${JSON.stringify(request)}\n`),
    ]);
    try {
        const result = await ssh.run(hostCommand(host, "inspect"), limit(request), stdin);
        const line = /^CINDER_DR_RESULT (.*)$/m.exec(result.stdout.toString("utf8"))?.[1];
        if (line === undefined)
            throw new RemoteError(
                host.name,
                `inspect: exit code ${String(result.code)}: ${result.stderr.split("\n").at(-1) ?? ""}`,
            );
        return JSON.parse(line) as HostSeen;
    } finally {
        ssh.close();
    }
}
