import { readFileSync } from "node:fs";

import * as pulumi from "@pulumi/pulumi";
import type * as command from "@pulumi/command";

import { ProblemsError, type Problem } from "../core/problem";
import type { Seat } from "../core/seats";
import type { Connection, Hop } from "../core/topology/connection";
import { shownHostKey } from "./shownHostKey";

/** Tries per host. The plugin retries a refused key too, and more tries could lock the login. */
const DIAL_ERROR_LIMIT = 2;
const DIAL_SECONDS = 10;

function readIdentity(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch (error) {
        const { code = "unreadable" } = error as NodeJS.ErrnoException;
        throw new ProblemsError("ssh", [
            {
                propertyPath: "identityFile",
                reason: `must be a readable private key, got '${file}' (${code}); leave it out to use the SSH agent`,
            },
        ]);
    }
}

/**
 * Looks at every key file before anything is declared: found missing at the second host, the first would be pushed.
 * @throws ProblemsError with every host whose key file cannot be read
 */
export function checkIdentities(seats: readonly Seat[]): void {
    const problems = seats.flatMap(({ propertyPath, connection }): Problem[] => {
        try {
            connectionArgs(connection);
            return [];
        } catch (error) {
            if (!(error instanceof ProblemsError)) throw error;
            return error.problems.map((p) => ({
                ...p,
                propertyPath: `${propertyPath}.${p.propertyPath}`,
            }));
        }
    });
    if (problems.length > 0) throw new ProblemsError("topology", problems);
}

/**
 * The one host key that the plugin takes. During a rotation it is the one that the host shows; a preview connects
 * nowhere, and nobody but the plugin looks behind a jump host: there it is `hostKey`.
 */
const hostKeyOf = (hop: Hop, isDirect: boolean): pulumi.Input<string> =>
    hop.nextHostKey === undefined || !isDirect || pulumi.runtime.isDryRun()
        ? hop.hostKey
        : shownHostKey(hop);

/** Field by field: an unknown field makes the plugin print the whole connection, key included. */
const hopArgs = (hop: Hop, isDirect = true) => ({
    host: hop.address,
    port: hop.port,
    user: hop.user,
    hostKey: hostKeyOf(hop, isDirect),
    dialErrorLimit: DIAL_ERROR_LIMIT,
    perDialTimeout: DIAL_SECONDS,
    ...(hop.identityFile === undefined
        ? {}
        : { privateKey: pulumi.secret(readIdentity(hop.identityFile)) }),
});

/**
 * How @pulumi/command reaches a host: pinned host key, bounded dial, key file or SSH agent.
 * @throws ProblemsError when the key file cannot be read
 */
export const connectionArgs = (
    connection: Connection,
): command.types.input.remote.ConnectionArgs =>
    connection.proxy === undefined
        ? hopArgs(connection)
        : { ...hopArgs(connection, false), proxy: hopArgs(connection.proxy) };
