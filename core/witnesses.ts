import { blocker, type Blocker } from "./blocker";
import { isSeen } from "./replica";
import type { Survey } from "./survey";

/**
 * Who still reaches the primary. Nobody here does not prove that it is dead; somebody proves that it is not.
 * @param survey hosts in it were asked for their way to the primary, or there are none in it
 */
export function witnesses({ views, hosts, names }: Survey): string[] {
    const { primary } = views;
    return [
        ...(isSeen(primary) || primary.lives === true
            ? [`its admin host answers for ${names.primary}`]
            : []),
        ...hosts
            .filter((host) => host.unseen === undefined && host.reach.primary === undefined)
            .map((host) => `${host.name} reaches ${names.primary}`),
    ];
}

/** Why a site that is no witness against a forced failover is none; what could not be asked proves nothing. */
export function silenceOf(survey: Survey): string[] {
    const { views, names } = survey;
    const { primary } = views;
    if (isSeen(primary) || witnesses(survey).length > 0) return [];
    const what = primary.isLate === true ? "not asked in time" : "cannot be asked";
    return [
        `site ${names.primary}: ${what}: ${primary.unseen}; that alone does not prove it dead: see that nothing writes there`,
    ];
}

/** What a forced failover without `--fenced` refuses: its writers would go on beside the secondary's. */
export const livingBlockers = (survey: Survey): Blocker[] =>
    witnesses(survey).map((fact) =>
        blocker(
            `site ${survey.names.primary}`,
            `the primary lives: ${fact}`,
            "`failover --planned` loses nothing; or cut the site off from every client and say how: --fenced '<how>'",
        ),
    );
