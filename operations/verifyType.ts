import { wordsOf } from "../core/problem";
import type { Finding } from "../core/finding";
import type { VolumeType } from "../core/topology";
import { REPLICATION_ENABLED } from "../core/topology/volumeType";
import type { Volume } from "../core/volume";
import { Probe, ProbeProblem } from "./probe";
import { checkSide } from "./verifySide";
import { step, type VerifyRun } from "./verifyRun";
import { InterruptedError, WaitError } from "./wait";

/** Probes younger than this may belong to another verify that is still running. */
const LEFTOVER_MINUTES = 30;

/** The type as Cinder has it, which may differ from what was declared. */
async function checkSpecs({ cinder, found }: VerifyRun, type: VolumeType): Promise<void> {
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

async function checkProbe(run: VerifyRun, type: VolumeType, probe: Probe): Promise<void> {
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
async function cleanUp(run: VerifyRun, subject: string, probe: Probe): Promise<void> {
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

/** Proves with a probe volume that one type's volumes are replicated. */
export async function verifyType(run: VerifyRun, type: VolumeType): Promise<void> {
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

/** Removes what a killed verify left behind. */
export async function removeLeftovers(run: VerifyRun, volumes: readonly Volume[]): Promise<void> {
    const before = Date.now() - LEFTOVER_MINUTES * 60_000;
    for (const volume of volumes) {
        if (Date.parse(`${volume.created_at}Z`) > before) continue;
        for (const pool of new Set(run.topology.backends.map((b) => b.pool))) {
            const left = Probe.adopt({ ...run, pool }, volume);
            if (left !== undefined) await cleanUp(run, "leftovers", left);
        }
    }
}
