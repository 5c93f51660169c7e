import { blocker, type Blocker } from "../core/blocker";
import { siteBlockers } from "../core/blockers";
import { imageFaults } from "../core/imageFaults";
import type { Pair } from "../core/replica";
import { subjectOf, type Survey } from "../core/survey";
import type { Run } from "./run";

/** rbd-mirror tries again by itself, and a restart of it is over in a minute: what lasts so long stays. */
const LASTING_SECONDS = 180;

/** What no copying gets out of: an error, or no daemon that says anything. */
const STOPPED = /^(?:up\+error|down\+)/;

/** What an image lacks, with rbd-mirror's own words, which tell how much is copied. */
export const lackOf = (pair: Pair, { views, names }: Survey): string =>
    `${subjectOf(pair)}: ${imageFaults(pair, "secondary", views, names)[0]?.fact ?? "is not ready"}`;

/** What keeps a resync from going on, seen from look to look, and told once while it waits. */
export class ResyncTrouble {
    /** Since when, by performance.now(). */
    private since = new Map<string, number>();
    private readonly told = new Set<string>();
    private lasting: Blocker[] = [];

    constructor(private readonly run: Run) {}

    /** @param open images that do not follow, without those that have no turn yet */
    look(survey: Survey, open: readonly Pair[]): void {
        const now = performance.now();
        const found = new Map<string, Blocker>();
        for (const one of siteBlockers(survey, "failback"))
            // Ages and counts in it grow from look to look.
            found.set(`${one.subject}: ${one.fact.replaceAll(/\d+/g, "N")}`, one);
        const stopped = open.filter(({ primary }) => STOPPED.test(primary?.state ?? ""));
        for (const pair of stopped) {
            const next = `see \`rbd mirror pool status --verbose\` on ${survey.names.primary}`;
            found.set(pair.volume.id, blocker("resync", lackOf(pair, survey), next));
        }
        this.since = new Map([...found.keys()].map((key) => [key, this.since.get(key) ?? now]));
        const isLasting = (key: string) =>
            now - (this.since.get(key) ?? now) >= LASTING_SECONDS * 1000;
        const lasting = [...found].filter(([key]) => isLasting(key));
        this.lasting = lasting.map(([, trouble]) => trouble);
        this.tell(lasting.filter(([key]) => !this.told.has(key)));
        for (const [key] of lasting) this.told.add(key);
    }

    /** Thousands of images stop together: the first one speaks for them. */
    private tell(fresh: readonly (readonly [string, Blocker])[]): void {
        const images = fresh.filter(([, { subject }]) => subject === "resync");
        const minutes = `for ${String(LASTING_SECONDS / 60)} minutes`;
        for (const [key, { subject, fact, next }] of fresh) {
            const isImage = subject === "resync";
            if (isImage && key !== images[0]?.[0]) continue;
            const told = isImage
                ? `${String(images.length)} image(s) are not copied ${minutes}: ${fact}`
                : `keeps the resync from going on ${minutes}: ${fact}`;
            this.run.found({ state: "warning", subject, fact: told, next });
        }
    }

    /** Why the wait ends without its goal: what lasts of the sites, and an image that is not copied, or else the first. */
    reason(survey: Survey, open: readonly Pair[]): string {
        const image = this.lasting.find(({ subject }) => subject === "resync");
        const sites = this.lasting.filter(({ subject }) => subject !== "resync");
        const first =
            image?.fact ??
            open
                .slice(0, 1)
                .map((pair) => lackOf(pair, survey))
                .join("");
        return [
            ...sites.map(({ subject, fact, next }) => `${subject}: ${fact} (${next})`),
            first,
        ].join("; ");
    }
}
