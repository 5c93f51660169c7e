import { CLOCK_CURE, clockFault } from "./clocks";
import type { Finding } from "./finding";
import { daemonsOf, sayDaemon, withoutDaemon } from "./mirrorDaemons";
import { isSeen, type PoolView } from "./replica";
import { roomFindings } from "./room";
import type { Survey } from "./survey";
import { ROLES, type Role } from "./topology/site";

function daemonFinding({ names, mirrorHosts }: Survey, role: Role, view: PoolView): Finding {
    const subject = `site ${names[role]}`;
    const daemons = daemonsOf(view);
    const images = Object.keys(view.images).length;
    const fact = `${String(images)} mirrored images, ${String(daemons.length)} rbd-mirror daemon(s)`;
    if (daemons.length === 0)
        return { state: "problem", subject, fact, next: "start rbd-mirror there" };
    const who = `${fact}: ${daemons.map(sayDaemon).join(", ")}`;
    const lost = withoutDaemon(mirrorHosts[role], view);
    if (lost.length === 0) return { state: "ok", subject, fact: who };
    return {
        state: "warning",
        subject,
        fact: `${who}; none of ${lost.map(({ name }) => name).join(", ")}`,
        next: `the others replay its images too; start it: ${lost.map(({ name, unit }) => `\`systemctl start ${unit}\` on ${name}`).join(", ")}`,
    };
}

function mirrorFindings(survey: Survey): Finding[] {
    const { views, names } = survey;
    return ROLES.map((role): Finding => {
        const view = views[role];
        const subject = `site ${names[role]}`;
        if (!isSeen(view))
            return {
                state: "problem",
                subject,
                fact: `cannot be asked: ${view.unseen}`,
                next: "its admin host and cluster must answer",
            };
        return daemonFinding(survey, role, view);
    });
}

const clockFindings = (survey: Survey): Finding[] =>
    ROLES.flatMap((role) => {
        const fact = clockFault(survey, role);
        const subject = `site ${survey.names[role]}`;
        return fact === undefined ? [] : [{ state: "problem", subject, fact, next: CLOCK_CURE }];
    });

/** Mirrored images that no volume of Cinder's has, e.g. of a volume deleted while the site was away. */
function orphanFindings(survey: Survey, images: ReadonlySet<string>): Finding[] {
    return ROLES.flatMap((role) => {
        const view = survey.views[role];
        if (!isSeen(view)) return [];
        const left = Object.keys(view.images).filter(
            (name) => name.startsWith("volume-") && !images.has(name),
        );
        if (left.length === 0) return [];
        return [
            {
                state: "warning" as const,
                subject: `site ${survey.names[role]}`,
                fact: `${String(left.length)} mirrored image(s) of no volume: ${left.slice(0, 3).join(", ")}`,
                next: "they may be of volumes deleted while the site was away: look before you remove them",
            },
        ];
    });
}

/**
 * What `status` says of the two sites.
 * @param images names of the images of all volumes of the cloud
 */
export const siteFindings = (survey: Survey, images: ReadonlySet<string>): Finding[] => [
    ...clockFindings(survey),
    ...mirrorFindings(survey),
    ...roomFindings(survey),
    ...orphanFindings(survey, images),
];
