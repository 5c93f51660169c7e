import { aboutStatements } from "../about";
import { callOf, hasVerbs } from "../facts/shellWords";
import type { ResourceRule } from "../rule";

const FAILOVER =
    /^(?:(?:--)?failover-host|reset_active_backend)$|os-services\/failover(?:_host)?\b|\bfailover_host\s*\(/;
const PROMOTIONS = ["promote", "demote", "resync"];

export const failoverIsNoResource: ResourceRule = {
    name: "failover-is-no-resource",
    demand: "No resource fails over, fails back, promotes, demotes or resyncs",
    why: "Desired state is applied again and again: Cinder does not refuse a repeated failover, it demotes and promotes every live image in place",
    source: "cinder/volume/api.py failover; cinder/volume/drivers/rbd.py _demote_volumes",
    level: "mandatory",
    severity: "critical",
    reference: "internal",
    traps: [2, 30, 40],
    checks: [19],
    judge: aboutStatements(function* (words) {
        const isCinder =
            words.some((word) => FAILOVER.test(word)) ||
            hasVerbs(callOf(words, "openstack") ?? [], "volume", "host", "failover");
        const rbd = callOf(words, "rbd") ?? [];
        const promotes = ["image", "pool"].some((what) =>
            PROMOTIONS.some((verb) => hasVerbs(rbd, "mirror", what, verb)),
        );
        if (isCinder || promotes)
            yield "fails over or promotes, which is an operation and no desired state; run it with cinder-dr, by hand and once";
    }),
};
