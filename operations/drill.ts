import { named } from "../core/named";
import { wordsOf } from "../core/problem";
import {
    compareFault,
    drillNames,
    removeSeconds,
    tearDownSeconds,
    type DrillReport,
} from "../core/drill";
import * as rbd from "../core/rbd";
import { runCheck } from "./drillCheck";
import { findLeftovers, lookAt, mirroredImages, type Candidate } from "./drillImages";
import { DrillRun, tell, type DrillOptions } from "./drillRun";
import { cloneIt, compareIt, replicateIt, snapshotIt, tearDown } from "./drillSteps";
import { volumesOf } from "./drillVolumes";
import { AT_A_TIME, inParallel } from "./parallel";
import { InterruptedError } from "./wait";

/** Reading whole images takes a site's disks; more at a time would take them from its users. */
const COMPARES_AT_A_TIME = 2;

async function look(run: DrillRun): Promise<void> {
    const { cinder, backend, volumes, signal, doing, id } = run.options;
    doing("asking Cinder for the replicated volumes");
    const wanted = await volumesOf(cinder, backend, volumes);
    doing("asking both sites for their images");
    const known = new Set(wanted.keys());
    const mirrored = await mirroredImages(run.sites, backend.pool, known);
    await removeLeftovers(run, mirrored);
    const chosen = mirrored.filter((image) => wanted.has(image));
    run.candidates = await inParallel(chosen, AT_A_TIME, signal, (image) =>
        lookAt(run.sites, id, backend, image, wanted.get(image)),
    );
    const [primary, secondary] = run.sites;
    run.lost = [...wanted]
        .filter(([image]) => !mirrored.includes(image))
        .map(([image, volume]) => ({
            pool: backend.pool,
            image,
            volumeId: volume.id,
            volumeName: named(volume.name),
            sizeBytes: 0,
            from: primary.site.name,
            to: secondary.site.name,
            clone: "",
            fault: `Cinder calls it replicated ('${volume.replication_status ?? ""}'), but neither site mirrors its image`,
        }));
}

async function removeLeftovers(run: DrillRun, images: readonly string[]): Promise<void> {
    const { backend, signal } = run.options;
    const { clones, snapshots } = await findLeftovers(run.sites, backend.pool, images, signal);
    const remove = async (name: string, work: () => Promise<unknown>): Promise<void> => {
        try {
            await work();
            run.leftoversRemoved.push(name);
            run.options.found({
                state: "warning",
                subject: "leftovers",
                fact: `${name} of a killed drill is removed`,
            });
        } catch (error) {
            run.left.push(name);
            run.options.found({
                state: "problem",
                subject: "leftovers",
                fact: wordsOf(error),
                next: `remove ${name} by hand once nothing uses it`,
            });
        }
    };
    // The clones first: a snapshot goes from the other site only when its clone is gone.
    await inParallel(clones, AT_A_TIME, signal, ({ at, spec, sizeBytes }) =>
        remove(`${at.site.name}: ${spec}`, () =>
            at.rbdIfThere(rbd.removeImage(spec), removeSeconds(sizeBytes)),
        ),
    );
    await inParallel(snapshots, AT_A_TIME, signal, ({ at, spec, snapshot }) =>
        remove(`${at.site.name}: ${spec}@${snapshot}`, () =>
            at.rbdIfThere(rbd.removeSnapshot(spec, snapshot)),
        ),
    );
}

async function prove(run: DrillRun): Promise<void> {
    const { id, replicateSeconds, signal } = run.options;
    const snapshotOf = (image: string) => drillNames(id, image).snapshot;
    const asked = new Map<Candidate, number>();
    await run.phase("snapshot", () =>
        run.onEach("taking snapshots", AT_A_TIME, async (at) => {
            asked.set(at, performance.now());
            await snapshotIt(at, snapshotOf(at.image.image));
        }),
    );
    await run.phase("replicate", () =>
        run.onEach("waiting for the snapshots on the other site", AT_A_TIME, (at) =>
            replicateIt(at, snapshotOf(at.image.image), asked.get(at) ?? 0, {
                seconds: replicateSeconds,
                signal,
            }),
        ),
    );
    await run.phase("clone", () =>
        run.onEach("making clones", AT_A_TIME, (at) => cloneIt(at, snapshotOf(at.image.image))),
    );
    // Before the check, which may write into the clones.
    await run.phase("compare", () =>
        run.onEach("comparing", COMPARES_AT_A_TIME, async (at) => {
            await compareIt(at, snapshotOf(at.image.image));
            const fault = compareFault(at.image);
            if (fault !== undefined) at.image.fault = fault;
        }),
    );
    await run.phase("check", () => checkClones(run));
}

async function checkClones(run: DrillRun): Promise<void> {
    const { check, signal, doing } = run.options;
    if (check === undefined) return;
    for (const site of run.sites) {
        const images = run.sound.filter(({ to }) => to === site).map(({ image }) => image);
        if (images.length === 0) continue;
        doing(`running the check on ${String(images.length)} clones`);
        run.checks.push(await runCheck(check.command, site, images, check.seconds, signal));
        if (signal.aborted) throw new InterruptedError();
    }
}

/**
 * Proves that the other site holds the volumes' bytes and can serve them: a snapshot on the primary is awaited on the
 * other site, cloned there, compared and given to the operator's check. Replication goes on, and no image of a user is
 * written to. Snapshots and clones are taken back, also after an interrupt; a later run finds what a killed one left.
 * The caller holds the lock of both sites: what another run made is taken for left behind.
 * @throws RemoteError, OpenStackError or DrillError when the images could not be looked at; nothing was made then
 */
export async function drill(options: DrillOptions): Promise<DrillReport> {
    const run = new DrillRun(options);
    await run.phase("look", () => look(run));
    try {
        await prove(run);
    } catch (error) {
        if (!(error instanceof InterruptedError)) throw error;
        for (const { image } of run.sound) image.fault = error.message;
    } finally {
        await run.phase("tear down", async () => {
            options.doing("taking clones and snapshots back");
            const sizes = run.candidates.map(({ image }) => image.sizeBytes);
            // Not interrupted with the run.
            const signal = AbortSignal.timeout(tearDownSeconds(sizes, AT_A_TIME) * 1000);
            run.left.push(...(await tearDown(run.candidates, options.id, signal)));
        });
    }
    tell(run);
    for (const name of run.left)
        options.found({
            state: "problem",
            subject: "left behind",
            fact: name,
            next: "run the drill again once both sites answer, or remove it by hand",
        });
    return run.report();
}
