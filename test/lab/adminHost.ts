import { strict as assert } from "node:assert";

import type { DriftItem } from "../../core/drift/item";
import type { Role } from "../../core/topology/site";
import { SshHost } from "../../operations/ssh";
import { configFile, expectCode, labTopology, resolved, run, type Mutable } from "./support";

/** An admin host of the lab, as root; lines are the test's own. */
export class AdminHost {
    private readonly ssh: SshHost;

    constructor(readonly role: Role) {
        this.ssh = new SshHost(role, resolved(labTopology()).sites[role].adminHost);
    }

    async sh(text: string): Promise<string> {
        const { code, stdout, stderr } = await this.ssh.run(["bash", "-c", text], 90);
        assert.equal(code, 0, `${this.role}: ${text}: ${stderr}`);
        return stdout.toString("utf8").trim();
    }

    async json<T>(text: string): Promise<T> {
        return JSON.parse(await this.sh(`${text} --format json 2>/dev/null`)) as T;
    }

    /** Process id of its rbd-mirror, or ''. */
    daemon = (): Promise<string> => this.sh("pgrep -x rbd-mirror || true");

    peers = async (pool = "volumes"): Promise<Peer[]> =>
        (await this.json<{ peers?: Peer[] }>(`rbd mirror pool info ${pool}`)).peers ?? [];

    close(): void {
        this.ssh.close();
    }
}

export interface Peer {
    uuid: string;
    site_name: string;
    direction: string;
    client_name: string;
}

export const adminHosts = (): Record<Role, AdminHost> => ({
    primary: new AdminHost("primary"),
    secondary: new AdminHost("secondary"),
});

/** What `drift` says that is not ok, as `state part: subject`; no key may be shown. */
export async function driftOf(
    topology: Mutable,
    code: number,
    ...flags: string[]
): Promise<string[]> {
    const words = ["cli/bin.js", "drift", "--topology", configFile(topology), "--json"];
    const { stdout, output } = expectCode(await run("node", [...words, ...flags]), code);
    assert.doesNotMatch(output, /AQ[A-Za-z0-9+/]{30}/, "a key is shown");
    const { items } = JSON.parse(stdout) as { items: DriftItem[] };
    return items
        .filter((item) => item.state !== "ok")
        .map((item) => `${item.state} ${item.part}: ${item.subject}`)
        .sort();
}
