import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { waitFor } from "../../operations/wait";
import { expectCode, run, type Run } from "./support";

interface Consent {
    name: string;
    count: number;
}

export const flagsOf = (consents: readonly Consent[]): string[] =>
    consents.flatMap(({ name, count }) => ["--accept-loss", `${name}=${String(count)}`]);

/** Failovers and failbacks of the lab's only backend, by the commands. */
export class LabMoves {
    readonly folder = mkdtempSync(join(tmpdir(), "cinder-dr-moves-"));

    /** @param source words that name the topology */
    constructor(private readonly source: readonly string[]) {}

    run(...more: string[]): Promise<Run> {
        const env = { CINDER_DR_JOURNALS: this.folder };
        return run("node", ["cli/bin.js", ...more, ...this.source], env);
    }

    /** Its consents, once nothing else stands in its way: a new image's status takes up to 30 s. */
    ready(name: "planned" | "failback"): Promise<Consent[]> {
        return waitFor(
            async () => {
                const { stdout } = await this.run("preflight", name, "--json");
                const { ok, plan } = JSON.parse(stdout) as {
                    ok: boolean;
                    plan: { consents: Consent[] };
                };
                return ok ? plan.consents : undefined;
            },
            {
                what: `a ${name} one to be ready`,
                seconds: 180,
                signal: AbortSignal.timeout(180_000),
            },
        );
    }

    /** With every server running, which is what leaves it with the old connection. */
    async over(): Promise<void> {
        const flags = flagsOf(await this.ready("planned"));
        expectCode(await this.run("failover", "--planned", ...flags), 0);
    }

    async back(): Promise<void> {
        const flags = flagsOf(await this.ready("failback"));
        expectCode(await this.run("failback", ...flags), 0);
    }
}
