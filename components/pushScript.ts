import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

import { hostCommand } from "../core/hostCommand";
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

/** The command line of a push. */
export const pushCommand = (host: Host, verb: "apply" | "remove", ...more: string[]): string =>
    toShell(hostCommand(host, verb, ...more));

/** Every checkpoint of the state holds every host's stdin, so the script goes compressed. */
const UNPACK =
    'import base64, zlib; exec(compile(zlib.decompress(base64.b64decode(i.readline())), "cinder-dr", "exec"))\n';

/**
 * What a push reads from stdin: a first script after its length, the compressed script on a line, the request.
 * Another zlib may compress otherwise; the hosts are then asked once more and answer that nothing has changed.
 */
export const pushStdin = (request: object): string =>
    `${String(UNPACK.length)}\n${UNPACK}${packed()}\n${JSON.stringify(request)}\n`;
