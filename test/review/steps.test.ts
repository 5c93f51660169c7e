import { strict as assert } from "node:assert";

import type { EngineEvent } from "@pulumi/pulumi/automation";

import { declaredIn } from "../../review/declared";
import { judge } from "../../review/judge";
import { asJson } from "../../review/json";
import { renderComment } from "../../review/markdown/comment";
import { pushedIn } from "../../review/rollout";
import { emptyPreview, readEvent } from "../../review/steps";

const SECRET = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ciphertext: "planted-in-state",
};
const URN = "urn:pulumi:lab::cinder-dr::";
const HOST = "cinder-dr:index:CinderDisasterRecovery$cinder-dr:index:CinderHost";
const stanza = (seconds: number) =>
    `[ceph]\nrbd_pool = volumes\nrados_connect_timeout = ${String(seconds)}\nreplication_device = backend_id:lyon,conf:/etc/ceph/lyon.conf\n`;
const host = (seconds: number) => ({
    inputs: { host: "cinder-a", hostKey: "k", stanzas: { ceph: stanza(seconds) } },
    outputs: { said: "planted-in-output" },
});
const command = (create: string) => ({
    inputs: {
        create,
        connection: SECRET,
        stdin: SECRET,
        environment: { KEY: "planted-in-environment" },
    },
    outputs: { stdout: "planted-in-output" },
});

/** Events as a preview of Pulumi 3.259 gives them, with secrets in each of them. */
const EVENTS = [
    { preludeEvent: { config: { "cinder-dr:key": "planted-in-config" } } },
    {
        diagnosticEvent: {
            severity: "debug",
            message: "RegisterResource RPC finished: connection,,,,planted-in-debug",
        },
    },
    {
        resourcePreEvent: {
            metadata: {
                op: "update",
                urn: `${URN}${HOST}::cinder-a`,
                type: "cinder-dr:index:CinderHost",
                old: host(5),
                new: host(20),
            },
        },
    },
    {
        resourcePreEvent: {
            metadata: {
                op: "update",
                urn: `${URN}${HOST}$command:remote:Command::cinder-a`,
                type: "command:remote:Command",
                old: command("x --password planted-in-argv"),
                new: command("y --password planted-in-argv"),
                detailedDiff: { stdin: {}, create: {} },
            },
        },
    },
    {
        policyEvent: {
            resourceUrn: `${URN}${HOST}::cinder-a`,
            message:
                "<{%reset%}>The demand<{%reset%}>\n'cinder-a' says password = planted-in-policy\n",
            policyName: "p",
            policyPackName: "cinder-dr",
            enforcementLevel: "advisory",
            severity: "low",
        },
    },
    { diagnosticEvent: { severity: "warning", message: "token: planted-in-warning" } },
    {
        summaryEvent: {
            maybeCorrupt: false,
            PolicyPacks: { "cinder-dr|local|policies": "0.1.0" },
            result: "succeeded",
        },
    },
] as unknown as EngineEvent[];

const read = (events: readonly EngineEvent[]) => {
    const preview = emptyPreview("cinder-dr");
    for (const event of events) readEvent(preview, event, []);
    return preview;
};

describe("the events of a preview", () => {
    it("tell what was and will be declared, and what the policies say", () => {
        const preview = read(EVENTS);
        assert.equal(preview.complete, true);
        assert.deepEqual(preview.packs, ["cinder-dr 0.1.0"]);
        assert.equal(preview.policies[0]?.message, "'cinder-a' says password = [secret]");
        assert.equal(
            declaredIn(preview.steps, "before").backends.get("ceph")?.rados_connect_timeout,
            "5",
        );
        assert.equal(
            declaredIn(preview.steps, "after").backends.get("ceph")?.rados_connect_timeout,
            "20",
        );
        const review = judge({ stack: "cinder-dr/lab", preview, packs: 1, accept: [] });
        assert.deepEqual(review.rollout.waves, [
            [{ host: "cinder-a", restart: "yes", sections: ["ceph"] }],
        ]);
    });

    it("give away no secret, in no form of the review", () => {
        const preview = read([
            ...EVENTS,
            {
                diagnosticEvent: {
                    severity: "error",
                    message: "it failed with --token planted-in-error",
                },
            } as unknown as EngineEvent,
        ]);
        for (const given of [read(EVENTS), preview]) {
            const review = judge({ stack: "cinder-dr/lab", preview: given, packs: 1, accept: [] });
            assert.doesNotMatch(renderComment(review), /planted/);
            assert.doesNotMatch(JSON.stringify(asJson(review)), /planted/);
        }
    });

    it("are not whole without the engine's summary", () => {
        assert.equal(read(EVENTS.slice(0, -1)).complete, false);
    });
});

describe("a push that repairs drift", () => {
    it("is told from one that changes nothing", () => {
        const step = (create: string) =>
            ({
                resourcePreEvent: {
                    metadata: {
                        op: "update",
                        urn: `${URN}${HOST}$command:remote:Command::cinder-a`,
                        type: "command:remote:Command",
                        old: command("run apply"),
                        new: command(create),
                    },
                },
            }) as unknown as EngineEvent;
        const restartOf = (create: string) => [...pushedIn(read([step(create)]).steps)];
        assert.deepEqual(restartOf("run apply"), [["cinder-a", "no"]]);
        assert.deepEqual(restartOf(": drift-0123456789abcdef; run apply"), [
            ["cinder-a", "repair"],
        ]);
    });
});
