import { Client } from "ssh2";

import { pinnedKeys, type Hop } from "../core/topology/connection";

const DIAL_MILLISECONDS = 10_000;

/** The pinned key of one type that a host shows, or undefined. Ends before any login. */
const shown = (hop: Hop, type: string): Promise<string | undefined> =>
    new Promise((resolve) => {
        let found: string | undefined;
        const client = new Client();
        client.once("close", () => {
            resolve(found);
        });
        // Refused on purpose, or away: the command's own connection says which.
        client.on("error", () => {
            client.end();
        });
        client.connect({
            host: hop.address,
            port: hop.port,
            username: hop.user,
            readyTimeout: DIAL_MILLISECONDS,
            algorithms: { serverHostKey: [type] as never },
            hostVerifier: (key: Buffer) => {
                found = pinnedKeys(hop).find(({ bytes }) => key.equals(bytes))?.text;
                return false;
            },
        });
    });

async function ask(hop: Hop): Promise<string> {
    for (const type of new Set(pinnedKeys(hop).map((key) => key.type))) {
        const found = await shown(hop, type);
        if (found !== undefined) return found;
    }
    return hop.hostKey;
}

/** A program asks for one host's arguments several times. */
const asked = new WeakMap<Hop, Promise<string>>();

/**
 * The pinned key that a host in the middle of a rotation shows now: @pulumi/command can be told one only.
 * @returns `hostKey` when the host shows neither, so that the command fails with the reason
 */
export function shownHostKey(hop: Hop): Promise<string> {
    const answer = asked.get(hop) ?? ask(hop);
    asked.set(hop, answer);
    return answer;
}
