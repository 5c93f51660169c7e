import type { Words } from "./shell";
import type { Host } from "./topology";

/** Runs what stands on stdin after its length: a command line has a size limit and shows in `ps`, stdin has neither. */
const LOADER =
    'import sys; i = sys.stdin.buffer; exec(compile(i.read(int(i.readline())), "cinder-dr", "exec"))';

/**
 * The words that run a script of host/ from stdin; whoever is not root there must not be asked for a password.
 * @param args what the script finds as its arguments
 */
export const scriptWords = (
    { python, sudo }: { python: string; sudo: boolean },
    args: Words,
): Words => [...(sudo ? ["sudo", "-n"] : []), python, "-I", "-c", LOADER, ...args];

/** Verbs of `host/apply.py`; `inspect` and `report` change nothing. */
export type HostVerb = "apply" | "remove" | "inspect" | "report";

/**
 * The words that run `host/apply.py` from stdin; root needs no sudo, everybody else must not be asked for a password.
 * No further word may stand behind the verb: the sudoers line of docs/hosts.md allows these and no others.
 */
export const hostCommand = (host: Host, verb: HostVerb): Words =>
    scriptWords({ python: host.python, sudo: host.connection.user !== "root" }, [verb]);
