import type { Words } from "./shell";
import type { Host } from "./topology";

/** Runs what stands on stdin after its length: a command line has a size limit and shows in `ps`, stdin has neither. */
const LOADER =
    'import sys; i = sys.stdin.buffer; exec(compile(i.read(int(i.readline())), "cinder-dr", "exec"))';

/** Verbs of `host/apply.py`; `inspect` and `report` change nothing. */
export type HostVerb = "apply" | "remove" | "inspect" | "report";

/**
 * The words that run `host/apply.py` from stdin; root needs no sudo, everybody else must not be asked for a password.
 * @param more words that the script does not look at
 */
export const hostCommand = (host: Host, verb: HostVerb, ...more: string[]): Words => [
    ...(host.connection.user === "root" ? [] : ["sudo", "-n"]),
    host.python,
    "-I",
    "-c",
    LOADER,
    verb,
    ...more,
];
