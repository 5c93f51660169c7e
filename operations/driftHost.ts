import type { HostSeen } from "../core/drift/host";
import type { HostRequest } from "../core/hostRequest";
import type { Host } from "../core/topology";
import { askHost } from "./askHost";

/** Each side of each backend is reached once, and Cinder's modules are loaded at most once. */
const limit = ({ backends, timeouts }: HostRequest): number =>
    60 + 2 * backends.length * (timeouts.targetSeconds + 20);

/**
 * Looks at one Cinder host over one connection; changes nothing on it.
 * @throws RemoteError when the host cannot be asked
 */
export const seeHost = (host: Host, request: HostRequest): Promise<HostSeen> =>
    askHost<HostSeen>(host, "inspect", request, limit(request));
