import { hostCommand } from "../core/hostCommand";
import { toShell } from "../core/shell";
import type { Host } from "../core/topology";
import { scriptStdin } from "./script";

/** The command line of a push. */
export const pushCommand = (host: Host, verb: "apply" | "remove"): string =>
    toShell(hostCommand(host, verb));

/** What a push reads from stdin. */
export const pushStdin = (request: object): string => scriptStdin("apply.py", request);
