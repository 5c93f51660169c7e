import type { Survey } from "../core/survey";
import { rowsNow } from "./moveBackend";
import type { Run } from "./run";
import { waitFor } from "./wait";

const RESTART_SECONDS = 120;

/** Restarts the hosts whose process would go on with the secondary in memory: members of a cluster, or without secrets. */
export async function restartBehind(run: Run, survey: Survey): Promise<string[]> {
    const rows = await rowsNow(run);
    const done: string[] = [];
    for (const { name, service, secrets } of survey.hosts) {
        const row = rows.find((r) => r.host === service);
        const host = run.parts.hosts.find((h) => h.host.name === name);
        if (row === undefined || host === undefined) continue;
        if (!row.cluster && secrets !== false && row.replication_status === "enabled") continue;
        await host.restart();
        const before = (await rowsNow(run)).find((r) => r.host === service);
        await waitFor(
            async () => {
                const now = (await rowsNow(run)).find((r) => r.host === service);
                const fresh =
                    now !== undefined &&
                    now.updated_at !== before?.updated_at &&
                    now.state === "up";
                return fresh && now.replication_status === "enabled" ? true : undefined;
            },
            {
                what: `${service ?? name} to come up again`,
                seconds: RESTART_SECONDS,
                signal: AbortSignal.timeout((RESTART_SECONDS + 60) * 1000),
            },
        );
        done.push(name);
    }
    return done;
}
