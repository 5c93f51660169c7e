import { strict as assert } from "node:assert";

import type { Finding } from "../../core/finding";
import type { JournalEntry } from "../../core/operation";
import type { Survey } from "../../core/survey";
import type { Role } from "../../core/topology/site";
import {
    compareBytes,
    compareStep,
    UnequalError,
    type Compared,
} from "../../operations/compareBytes";
import { PartialError } from "../../operations/operationEnd";
import type { Run } from "../../operations/run";
import { RemoteError } from "../../operations/remoteError";
import { backend, names, survey, view, volume, writer } from "../support/survey";

const GIB = 1 << 30;
const ID = "20261122T201503-failback-ceph-7f2a";

interface Asked {
    do: string;
    images: string[];
    part: string[];
    seconds: number;
}
interface Sum {
    sum?: string;
    read?: number;
    whole?: boolean;
    error?: string;
}

/** A pool of volumes of 20 GiB each that are primary on the primary. */
const poolOf = (count: number, ...users: string[]): Survey => ({
    ...survey(),
    pairs: Array.from({ length: count }, (_, at) => {
        const id = `v${String(at + 1)}`;
        const facts = volume({ id, image: `volume-${id}`, sizeGib: 20 });
        return { volume: facts, primary: writer({ users }) };
    }),
});

describe("the comparison of bytes after a failback", () => {
    /** Sums that the primary was asked for. */
    let asked: Asked[] = [];
    let said: string[] = [];
    let entries: JournalEntry[] = [];
    /** What of an answer differs from that of an equal image. */
    let odd: (role: Role, image: string, isPart: boolean) => Sum | undefined;
    /** Clients that have the first volume's image open once the comparison is made. */
    let users: string[] = [];
    /** Questions that the primary answers before it answers none. */
    let answers = Infinity;
    beforeEach(() => {
        [asked, said, entries, users, answers] = [[], [], [], [], Infinity];
        odd = () => undefined;
    });

    function run(signal = new AbortController().signal): Run {
        const site = (role: Role) => ({
            site: { name: names[role] },
            pool: (_: string, request: Omit<Asked, "seconds">, seconds: number) => {
                if (request.do === "look")
                    return Promise.resolve(view({ "volume-v1": writer({ users }) }));
                if (role === "primary") asked.push({ ...request, seconds });
                if (asked.length > answers)
                    return Promise.reject(new RemoteError(names[role], "no answer"));
                const sums = request.images.map((image): [string, Sum] => {
                    const isPart = request.part.includes(image);
                    const equal = { sum: "same", read: 10, whole: !isPart };
                    return [image, { ...equal, ...odd(role, image, isPart) }];
                });
                return Promise.resolve({ images: Object.fromEntries(sums) });
            },
        });
        return {
            backend,
            parts: { names, sites: { primary: site("primary"), secondary: site("secondary") } },
            signal,
            doing: (what: string) => said.push(what),
            journal: {
                id: ID,
                entries,
                append: (entry: JournalEntry) =>
                    entries.push(JSON.parse(JSON.stringify(entry)) as JournalEntry),
            },
        } as unknown as Run;
    }
    const compare = (seen: Survey, budget = GIB, signal?: AbortSignal): Promise<Compared> => {
        const ids = seen.pairs.map(({ volume: { id } }) => id);
        return compareBytes(run(signal), seen, ids, budget);
    };
    const faultOf = async (seen: Survey, budget?: number): Promise<PartialError> => {
        const error: unknown = await compare(seen, budget).catch((thrown: unknown) => thrown);
        assert.ok(error instanceof PartialError, String(error));
        return error;
    };
    const counts = () => asked.map(({ images }) => images.length);

    it("asks for some images at a time, with a limit by what is read of them, and says how far it is", async () => {
        assert.deepEqual(await compare(poolOf(70)), {
            ...{ images: 70, whole: 70, bytes: 700, inUse: 0 },
        });
        assert.deepEqual(counts(), [32, 32, 6]);
        // 600 s, and 8 MiB/s.
        assert.deepEqual(
            asked.map(({ seconds }) => seconds),
            [600 + 32 * 128, 600 + 32 * 128, 600 + 6 * 128],
        );
        assert.equal(said[1], "bytes: compared 32 of 70 images, 0.0 GiB read a side");
        asked = [];
        entries.length = 0;
        await compare(poolOf(2), 100 * GIB);
        assert.deepEqual(counts(), [1, 1]);
        assert.equal(asked[0]?.seconds, 600 + 20 * 128);
    });

    it("goes on where a run before it has ended, and counts what that has compared", async () => {
        answers = 2;
        const { message, left } = await faultOf(poolOf(70));
        assert.equal(message, "compared 64 of 70 images, then: paris: no answer");
        const again = `\`cinder-dr resume ${ID}`;
        assert.deepEqual(left, [
            `${again}\` compares the others; ${again} --compare-bytes 0\` ends without that`,
        ]);
        [asked, answers] = [[], Infinity];
        assert.deepEqual(await compare(poolOf(70)), {
            ...{ images: 70, whole: 70, bytes: 700, inUse: 0 },
        });
        assert.deepEqual(counts(), [6]);
        // In use again by then, and compared before.
        asked = [];
        assert.equal((await compare(poolOf(70, "10.0.0.9:0/1"))).inUse, 0);
        // More of each image was not compared yet.
        await compare(poolOf(70), 2 * GIB);
        assert.deepEqual(counts(), [16, 16, 16, 16, 6]);
    });

    it("compares the batches after one with another image, and that one alone when it goes on", async () => {
        odd = (role, image) =>
            role === "secondary" && image === "volume-v2" ? { sum: "other" } : undefined;
        const error = await faultOf(poolOf(40));
        assert.ok(error instanceof UnequalError);
        assert.equal(
            error.message,
            "1 image(s) are not proven equal: v2 (db): other bytes on each site",
        );
        assert.deepEqual(counts(), [32, 8]);
        [asked, odd] = [[], () => undefined];
        await compare(poolOf(40));
        assert.deepEqual(
            asked.map(({ images }) => images),
            [["volume-v2"]],
        );
    });

    it("calls one that cannot be read not proven, and not unequal", async () => {
        odd = (role) => (role === "secondary" ? { error: "TimedOut: read" } : undefined);
        const error = await faultOf(poolOf(1));
        assert.match(error.message, /: v1 \(db\): TimedOut: read$/);
        assert.ok(!(error instanceof UnequalError));
    });

    it("leaves out what is in use, also what somebody has opened since", async () => {
        const none = { images: 0, whole: 0, bytes: 0 };
        assert.deepEqual(await compare(poolOf(1, "10.0.0.9:0/1")), { ...none, inUse: 1 });
        assert.deepEqual(asked, []);
        odd = (role) => (role === "secondary" ? { sum: "other" } : undefined);
        users = ["10.0.0.9:0/1"];
        assert.deepEqual(await compare(poolOf(1)), { ...none, inUse: 1 });
    });

    it("asks for a part of what is within the budget on one side alone, and calls it equal", async () => {
        odd = (role, _, isPart) =>
            role === "primary" && !isPart ? { sum: "of a part", whole: false } : undefined;
        assert.deepEqual(await compare(poolOf(1)), { images: 1, whole: 0, bytes: 10, inUse: 0 });
        assert.deepEqual(
            asked.map(({ images, part }) => [images, part]),
            [
                [["volume-v1"], []],
                [["volume-v1"], ["volume-v1"]],
            ],
        );
    });

    it("is a step that says what was not compared, and none where no byte is to be", async () => {
        const found: Finding[] = [];
        const step = async (budget: number, ...clients: string[]) => {
            const left: string[] = [];
            const journal = {
                id: ID,
                entries,
                always: <T>(_: string, work: () => Promise<T>) => work(),
            };
            const whole = { ...run(), journal, left, found: (one: Finding) => found.push(one) };
            await compareStep(whole as unknown as Run, poolOf(1, ...clients), ["v1"], budget);
            return left;
        };
        assert.deepEqual(await step(0), []);
        assert.deepEqual(asked, []);
        const [left] = await step(GIB, "10.0.0.9:0/1");
        assert.equal(left, "1 image(s) are in use again and were not compared");
        assert.deepEqual(
            found.map(({ state, fact }) => [state, fact]),
            [
                ["warning", "no image is compared: --compare-bytes is 0"],
                ["ok", "0 of 1 images are equal on both sites (0 in whole, 0 bytes read a side)"],
            ],
        );
    });

    it("begins no further batch once it is interrupted", async () => {
        await assert.rejects(compare(poolOf(1), GIB, AbortSignal.abort()), /^InterruptedError/);
        assert.deepEqual(asked, []);
    });
});
