import { CephSite } from "./cephSite";
import { PROBE_KEY, PROBE_VALUE } from "./probe";
import { step, type VerifyOptions, type VerifyRun } from "./verifyRun";
import { removeLeftovers, verifyType } from "./verifyType";

/** Both admin hosts must reach the clusters that the topology means: a probe on one cluster would prove nothing. */
async function checkSites(run: VerifyRun): Promise<boolean> {
    const fsids: string[] = [];
    for (const at of [run.primary, run.secondary]) {
        const { site } = at;
        const subject = `site ${site.name}`;
        const seen = await step(
            run,
            subject,
            "asking for the fsid",
            () => at.fsid(),
            (id) => `fsid ${id}`,
        );
        const wanted = site.fsid ?? seen;
        if (seen === wanted && !fsids.includes(seen)) fsids.push(seen);
        else
            run.found({
                state: "problem",
                subject,
                fact:
                    seen === wanted
                        ? `fsid is the primary's: both sites are one cluster`
                        : `fsid is '${seen}', must be '${wanted}'`,
                next: "correct adminHost, conf or fsid of the site",
            });
    }
    return fsids.length === 2;
}

/**
 * Proves for each replicated volume type, with a probe volume of its own, that Cinder calls its volumes replicated
 * and that the second cluster really holds their bytes.
 * @throws RemoteError, OpenStackError or CloudError when something could not be asked
 */
export async function verify(options: VerifyOptions): Promise<void> {
    const { primary, secondary } = options.topology.sites;
    const run: VerifyRun = {
        ...options,
        primary: new CephSite("primary", primary),
        secondary: new CephSite("secondary", secondary),
    };
    const types = options.topology.volumeTypes.filter(
        (type) => options.backend === undefined || type.backend === options.backend,
    );
    if (types.length === 0) {
        options.found({
            state: "problem",
            subject: "volume types",
            fact: "the topology names none here, so there is nothing to prove",
            next: "add a volume type of the backend",
        });
        return;
    }
    try {
        // Cinder first: wrong credentials show at once, a site that is away only after its time limit.
        const marked = await run.cinder.volumesWith(PROBE_KEY, PROBE_VALUE);
        if (!(await checkSites(run))) return;
        await removeLeftovers(run, marked);
        for (const type of types) if (!run.signal.aborted) await verifyType(run, type);
    } finally {
        run.primary.close();
        run.secondary.close();
    }
}
