import { CLOCK_CURE, clockFault } from "./clocks";
import type { Finding } from "./finding";
import { isSeen } from "./replica";
import { roomFindings } from "./room";
import type { Survey } from "./survey";
import { ROLES } from "./topology/site";

function mirrorFindings({ views, names }: Survey): Finding[] {
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
        const count = Object.keys(view.images).length;
        const daemons = view.daemons.list?.length ?? 0;
        return {
            state: daemons > 0 ? "ok" : "problem",
            subject,
            fact: `${String(count)} mirrored images, ${String(daemons)} rbd-mirror daemon(s)`,
            ...(daemons > 0 ? {} : { next: "start rbd-mirror there" }),
        };
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
