import { statementsOf } from "../facts/shellWords";
import { CINDER_HOST } from "../facts/texts";
import type { ResourceRule } from "../rule";
import { listIn, mapIn, textIn } from "../seen";

const RELOAD =
    /^(?:reload|try-reload-or-restart|reload-or-restart|-HUP|-1|-SIGHUP|--signal=(?:SIG)?HUP|HUP|SIGHUP)$/;

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
        if (
            commands.some(
                (words) =>
                    words.some((word) => /cinder/.test(word)) &&
                    words.some((word) => RELOAD.test(word)),
            )
        )
            yield "reloads cinder-volume, which keeps the old target; restart it";
    },
};
