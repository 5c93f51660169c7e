import { hostBlockers } from "../core/serviceBlockers";
import type { HostFacts, Move, Survey } from "../core/survey";
import { lookAtBoth } from "./moveBackend";
import type { Run } from "./run";

/** For so long what the hosts said counts: a look that waits for an image each second must not ask 200 of them again. */
const HOSTS_SECONDS = 15;

/** Looks from everywhere, again and again; hosts that reach the target are asked at most every 15 s. */
export function looks(run: Run, move: Move): () => Promise<Survey> {
    let fine: { at: number; hosts: HostFacts[] } | undefined;
    return async () => {
        const at = performance.now();
        if (fine !== undefined && at - fine.at < HOSTS_SECONDS * 1000)
            return { ...(await lookAtBoth(run, [])), hosts: fine.hosts };
        const survey = await lookAtBoth(run);
        const { hosts } = survey;
        fine = hostBlockers(survey, move).length === 0 ? { at, hosts } : undefined;
        return survey;
    };
}
