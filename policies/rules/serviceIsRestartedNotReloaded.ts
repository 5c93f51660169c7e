import { statementsOf } from "../facts/shellWords";
import { CINDER_HOST } from "../facts/texts";
import type { ResourceRule } from "../rule";
import { listIn, mapIn, textIn } from "../seen";

const RELOADS = /^(?:(?:try-)?reload(?:-or-restart)?|force-reload)$/;
const KILLS = /(?:^|\/)(?:kill|pkill|killall|docker|podman)$/;
const HANGUP = /^(?:-|-s|--signal=)?(?:SIG)?HUP$|^-1$/;

/** cinder-volume under any unit's or container's name; the other services hold no targets. */
const VOLUME = /cinder(?![-_](?:api|scheduler|backup))/;

const reloads = (words: readonly string[]): boolean => {
    const has = (pattern: RegExp) => words.some((word) => pattern.test(word));
    return has(VOLUME) && (has(RELOADS) || (has(KILLS) && has(HANGUP)));
};

export const serviceIsRestartedNotReloaded: ResourceRule = {
    name: "service-is-restarted-not-reloaded",
    demand: "cinder-volume is restarted, never reloaded",
    why: "A reload runs do_setup again in the same process, which appends the targets once more, and the first, old one keeps winning",
    source: "cinder/volume/drivers/rbd.py do_setup",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [29],
    checks: [],
    *judge(seen) {
        const restart = listIn(mapIn(mapIn(seen.inputs.service).commands).restart).map(
            (word) => textIn(word) ?? "",
        );
        const commands = seen.type === CINDER_HOST ? [restart] : statementsOf(seen);
        if (commands.some(reloads))
            yield "reloads cinder-volume, which keeps the old target; restart it";
    },
};
