import { wordsOf } from "../core/problem";
import type { Finding } from "../core/finding";
import type { Topology, VolumeType } from "../core/topology";
import { REPLICATION_ENABLED } from "../core/topology/volumeType";
import { CephSite } from "./cephSite";
import type { Cinder, Volume } from "./cinder";
import { Probe, ProbeProblem, PROBE_KEY, PROBE_VALUE } from "./probe";
import { checkSide } from "./verifySide";
import { InterruptedError, WaitError } from "./wait";

/** Probes younger than this may belong to another verify that is still running. */
const LEFTOVER_MINUTES = 30;

export interface VerifyOptions {
    topology: Topology;
    cinder: Cinder;
    /** Backends to look at. Defaults to all. */
    backend?: string;
    /** Aborted when the user interrupts; the probe is still cleaned up. */
    signal: AbortSignal;
    /** Called with each finding as soon as it is made. */
    found: (finding: Finding) => void;
    /** Called before each step that may take a while. */
    doing: (what: string) => void;
}

interface Run extends VerifyOptions {
    primary: CephSite;
    secondary: CephSite;
}

/** Runs one step and reports what it saw with its time. */
async function step<T>(
    run: Run,
    subject: string,
    what: string,
    see: () => Promise<T>,
    fact: (seen: T) => string,
) {
    run.doing(`${subject}: ${what}`);
    const start = performance.now();
    const seen = await see();
    const seconds = Math.round(performance.now() - start) / 1000;
    run.found({ state: "ok", subject, fact: fact(seen), seconds });
    return seen;
}

/** The type as Cinder has it, which may differ from what was declared. */
async function checkSpecs({ cinder, found }: Run, type: VolumeType): Promise<void> {
    const known = (await cinder.volumeTypes()).find((t) => t.name === type.name);
    if (known === undefined)
        throw new ProbeProblem(
            `Cinder has no volume type '${type.name}'`,
            "run `pulumi up`, or check which cloud and user the credentials name",
        );
    const spec = known.extra_specs?.replication_enabled;
    const backendName = known.extra_specs?.volume_backend_name;
    if (backendName !== type.volumeBackendName)
        throw new ProbeProblem(
            `volume_backend_name is '${backendName ?? ""}' in Cinder, must be '${type.volumeBackendName}'`,
            "make a new type and retype its volumes: the specs of a type in use cannot change",
        );
    if (spec !== REPLICATION_ENABLED)
        throw new ProbeProblem(
            `replication_enabled is '${spec ?? ""}' in Cinder, must be exactly '${REPLICATION_ENABLED}': volumes of this type are silently not replicated`,
            "make a new type and retype its volumes: the specs of a type in use cannot change",
        );
    found({
        state: "ok",
        subject: type.name,
        fact: `extra specs in Cinder: replication_enabled='${spec}', volume_backend_name='${backendName}'`,
    });
}

async function checkProbe(run: Run, type: VolumeType, probe: Probe): Promise<void> {
    const { primary, secondary } = run;
    const see = <T>(what: string, ask: () => Promise<T>, fact: (seen: T) => string) =>
        step(run, type.name, what, ask, fact);
    const volume = await see(
        "waiting for Cinder to create a probe volume",
        () => probe.available(),
        (v) =>
            `volume ${v.id} is available on ${v["os-vol-host-attr:host"] ?? "a host Cinder does not name"}, replication_status ${v.replication_status ?? "null"}`,
    );
    if (volume.replication_status !== "enabled")
        throw new ProbeProblem(
            `replication_status of the probe volume is '${volume.replication_status ?? "null"}', must be 'enabled'`,
            "look at the type's extra specs and at cinder-volume's log on the volume's host",
        );
    const image = await see(
        `looking at the image on ${primary.site.name}`,
        () => probe.primaryImage(),
        (i) =>
            `image on ${primary.site.name}: primary, ${i.features.filter((f) => f === "journaling" || f === "exclusive-lock").join(" + ")}, mirroring mode ${i.mirroring?.mode ?? ""}`,
    );
    await see(
        `waiting for the image to replay on ${secondary.site.name}`,
        () => probe.replaying(),
        (state) => `image on ${secondary.site.name}: ${state}`,
    );
    await see(
        `carrying a mark from ${primary.site.name} to ${secondary.site.name}`,
        () => probe.carryMark(image),
        (bytes) =>
            `${String(bytes)} random bytes written on ${primary.site.name} were read back from ${secondary.site.name}`,
    );
}

const reasonOf = (error: unknown): Pick<Finding, "fact" | "next"> | undefined => {
    if (error instanceof ProbeProblem) return { fact: error.message, next: error.next };
    if (error instanceof InterruptedError) return { fact: error.message, next: "run verify again" };
    if (error instanceof WaitError)
        return { fact: error.message, next: "look at `rbd mirror pool status` on both sites" };
    return undefined;
};

/** Removes the probe; what cannot be removed is named, since the user must do it then. */
async function cleanUp(run: Run, subject: string, probe: Probe): Promise<void> {
    try {
        await step(
            run,
            subject,
            "cleaning up",
            () => probe.remove(AbortSignal.timeout(600_000)),
            () => "the probe volume, its snapshot and its clone are removed again",
        );
    } catch (error) {
        run.found({
            state: "problem",
            subject,
            fact: `the probe volume ${probe.volumeId} could not be removed: ${wordsOf(error)}`,
            next: `run verify again, or remove the volume, its snapshot and the clone cinder-dr-verify-* by hand`,
        });
    }
}

async function verifyType(run: Run, type: VolumeType): Promise<void> {
    const backend = run.topology.backends.find((b) => b.section === type.backend);
    const pool = backend?.pool ?? "";
    const problem = (error: unknown) => {
        const reason = reasonOf(error);
        if (reason === undefined) throw error;
        run.found({ state: "problem", subject: type.name, ...reason });
    };
    let probe: Probe | undefined;
    try {
        await checkSpecs(run, type);
        if (backend !== undefined) await checkSide(run.cinder, backend);
        probe = await Probe.create({ ...run, pool }, type.name);
        await checkProbe(run, type, probe);
    } catch (error) {
        problem(error);
    } finally {
        if (probe !== undefined) await cleanUp(run, type.name, probe);
    }
}

/** Both admin hosts must reach the clusters that the topology means: a probe on one cluster would prove nothing. */
async function checkSites(run: Run): Promise<boolean> {
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

/** Removes what a killed verify left behind. */
async function removeLeftovers(run: Run, volumes: readonly Volume[]): Promise<void> {
    const before = Date.now() - LEFTOVER_MINUTES * 60_000;
    for (const volume of volumes) {
        if (Date.parse(`${volume.created_at}Z`) > before) continue;
        for (const pool of new Set(run.topology.backends.map((b) => b.pool))) {
            const left = Probe.adopt({ ...run, pool }, volume);
            if (left !== undefined) await cleanUp(run, "leftovers", left);
        }
    }
}

/**
 * Proves for each replicated volume type, with a probe volume of its own, that Cinder calls its volumes replicated
 * and that the second cluster really holds their bytes.
 * @throws RemoteError, OpenStackError or CloudError when something could not be asked
 */
export async function verify(options: VerifyOptions): Promise<void> {
    const { primary, secondary } = options.topology.sites;
    const run: Run = {
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
