import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

import { toShell } from "../core/shell";
import type { Host } from "../core/topology";

/** The script lies beside the sources, and one folder further up from the built package. */
const SCRIPT = [join(__dirname, "../host/apply.py"), join(__dirname, "../../host/apply.py")].find(
    (file) => existsSync(file),
);

let kept: string | undefined;

/** The script as base64 of zlib. */
const packed = (): string => (kept ??= deflateSync(script(), { level: 9 }).toString("base64"));

function script(): Buffer {
    if (SCRIPT === undefined) throw new Error("host/apply.py is missing from this installation");
    return readFileSync(SCRIPT);
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

/** Every checkpoint of the state holds every host's stdin, so the script goes compressed. */
const UNPACK =
    'import base64, zlib; exec(compile(zlib.decompress(base64.b64decode(i.readline())), "cinder-dr", "exec"))\n';

/**
 * What a push reads from stdin: a first script after its length, the compressed script on a line, the request.
 * Another zlib may compress otherwise; the hosts are then asked once more and answer that nothing has changed.
 */
export const pushStdin = (request: object): string =>
    `${String(UNPACK.length)}\n${UNPACK}${packed()}\n${JSON.stringify(request)}\n`;
