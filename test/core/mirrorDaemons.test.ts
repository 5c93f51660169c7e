import { strict as assert } from "node:assert";

import { unstoppable, type UnitLook } from "../../core/mirrorDaemons";
import type { DaemonView } from "../../core/replica";
import { statusOf } from "../../core/status";
import { parseTopology } from "../../core/topology";
import { NOW, survey, view } from "../support/survey";
import { goodTopology, HOST_KEY, withValue } from "../support/topology";

const one = { hostKey: HOST_KEY };
const hosts = { "ceph-1": { ...one, cephUser: "rbd-mirror.lyon" }, "ceph-2": one };
const topology = parseTopology(
    withValue("sites/secondary/rbdMirror", { hosts }, withValue("mirroring", {}, goodTopology())),
);
const site = { name: "lyon", role: "secondary" };
const named = topology.sites.secondary.rbdMirror.hosts;

/** `NAME HOSTNAME SECONDS`: who was heard of so long ago. */
const daemon = (text: string, n: number): DaemonView => {
    const [name = "", hostname = "", seconds = "2"] = text.split(" ");
    return { id: String(n), name, hostname, beacon: NOW - Number(seconds) };
};
const viewOf = (...daemons: string[]) => view({}, { daemons: { list: daemons.map(daemon) } });
const FIRST = "lyon ceph-1";
const SECOND = "ceph-2 ceph-2";

describe("rbd-mirror daemons of hosts that the topology names", () => {
    /** What keeps them from being ended. @param second what the second host's look finds */
    function stops(second: Omit<UnitLook, "host">, ...daemons: string[]): [string, string][] {
        const [first, other] = named;
        assert.ok(first !== undefined && other !== undefined);
        const looks = [
            { host: first, runs: true },
            { host: other, ...second },
        ];
        return unstoppable(looks, site, viewOf(...daemons)).map(({ subject, fact }) => [
            subject,
            fact,
        ]);
    }
    const away = { unseen: "ceph-2: ssh: no route" };

    it("can be ended where each is a running unit, one that was restarted a moment ago, or none", () => {
        assert.deepEqual(stops({ runs: true }, FIRST, SECOND), []);
        assert.deepEqual(stops({ runs: true }, FIRST, SECOND, `${SECOND} 20`), []);
        assert.deepEqual(stops({ runs: false }, FIRST), []);
        assert.deepEqual(stops(away, FIRST), [], "its host is lost, and Ceph has forgotten it");
        assert.deepEqual(stops({ runs: false }, FIRST, `${SECOND} 16`), [], "it has just died");
    });

    it("are judged by the youngest of those that one was", () => {
        for (const ages of [
            [`${SECOND} 20`, SECOND],
            [SECOND, `${SECOND} 20`],
        ])
            assert.equal(stops({ runs: false }, FIRST, ...ages).length, 1, String(ages));
    });

    const refused: [string, Omit<UnitLook, "host">, string[], [string, string]][] = [
        [
            "a host that cannot be asked may run one",
            away,
            [FIRST, `${SECOND} 40`],
            ["ceph-2", "its rbd-mirror (ceph-2 on ceph-2) cannot be ended: ceph-2: ssh: no route"],
        ],
        [
            "one runs that is not the unit",
            { runs: false },
            [FIRST, `${SECOND} 15`],
            [
                "ceph-2",
                "rbd-mirror ceph-2 on ceph-2 reports, and ceph-rbd-mirror@rbd-mirror.ceph-2 does not run there",
            ],
        ],
        [
            "a host is not named",
            { runs: true },
            [FIRST, SECOND, "third ceph-3"],
            [
                "site lyon",
                "its service map has rbd-mirror third on ceph-3, and sites.secondary.rbdMirror.hosts does not",
            ],
        ],
        [
            "two hosts share a named user",
            { runs: true },
            [FIRST, "lyon ceph-3", SECOND],
            [
                "site lyon",
                "its service map has rbd-mirror lyon on ceph-1, lyon on ceph-3, and sites.secondary.rbdMirror.hosts does not",
            ],
        ],
    ];
    for (const [title, second, daemons, said] of refused)
        it(`are refused where ${title}`, () => {
            assert.deepEqual(stops(second, ...daemons), [said]);
        });
});

describe("status of a site's rbd-mirror daemons", () => {
    const told = (...daemons: string[]) => {
        const seen = survey({
            views: { secondary: viewOf(...daemons) },
            mirrorHosts: { secondary: named },
        });
        const { findings } = statusOf(seen, new Map(), new Set());
        return findings.find(({ fact }) => fact.startsWith("0 mirrored images"));
    };

    it("names each, once", () => {
        const found = told(SECOND, FIRST, `${FIRST} 30`);
        assert.equal(found?.state, "ok");
        assert.equal(
            found.fact,
            "0 mirrored images, 2 rbd-mirror daemon(s): ceph-2 on ceph-2, lyon on ceph-1",
        );
    });

    it("warns of a host of the topology that runs none, with the way to start it", () => {
        assert.deepEqual(told(FIRST), {
            state: "warning",
            subject: "site lyon",
            fact: "0 mirrored images, 1 rbd-mirror daemon(s): lyon on ceph-1; none of ceph-2",
            next: "the others replay its images too; start it: `systemctl start ceph-rbd-mirror@rbd-mirror.ceph-2` on ceph-2",
        });
        assert.equal(told()?.state, "problem");
    });
});
