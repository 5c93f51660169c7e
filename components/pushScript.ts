import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { toShell } from "../core/shell";
import type { Host } from "../core/topology";

/** The script lies beside the sources, and one folder further up from the built package. */
const SCRIPT = [join(__dirname, "../host/apply.py"), join(__dirname, "../../host/apply.py")].find(
    (file) => existsSync(file),
);

let text: string | undefined;

function script(): string {
    if (SCRIPT === undefined) throw new Error("host/apply.py is missing from this installation");
    return (text ??= readFileSync(SCRIPT, "utf8"));
}

/** Runs what stands on stdin after its length: a command line has a size limit and shows in `ps`, stdin has neither. */
const LOADER =
    'import sys; i = sys.stdin.buffer; exec(compile(i.read(int(i.readline())), "cinder-dr", "exec"))';

/** The command line of a push; root needs no sudo, everybody else must not be asked for a password. */
export const pushCommand = (host: Host, verb: "apply" | "remove"): string =>
    toShell([
        ...(host.connection.user === "root" ? [] : ["sudo", "-n"]),
        host.python,
        "-I",
        "-c",
        LOADER,
        verb,
    ]);

/** What a push reads from stdin: the script's length, the script, the request. */
export const pushStdin = (request: object): string =>
    `${String(Buffer.byteLength(script()))}\n${script()}${JSON.stringify(request)}\n`;
