/**
 * A forced failover by `cinder-dr failover --forced` until writable, 90 s after the primary's Ceph was killed, beside plain
 * `cinder failover-host`: with our timeouts, and with those of the distributions. Ours also with all rows written, and
 * where rbd-mirror can only be stopped in order, as by cephadm. Each in turn on the same volumes; ours until every image
 * takes a write, the others until Cinder calls it done, and then whether one does. Needs the lab with its stack up
 * (`npm start`); makes and deletes its own volumes.
 * `npm run bench:forced -- [VOLUMES] [ours|rows|orderly|timeouts|plain ...]`
 */
import { pause } from "../operations/wait";
import { AdminHost } from "../test/lab/adminHost";
import { Fleet } from "../test/lab/fleet";
import { lab, labTopology } from "../test/lab/support";
import { editHosts } from "./editHosts";
import { back, bareFailover, clock, say, secondsTo } from "./fleetMoves";

const [COUNT = "12", ...NAMES] = process.argv.slice(2);
const WRITE_SECONDS = 60;
/**
 * Nobody fails over in the second of the disaster. By then every cinder-volume has asked the dead site for its statistics,
 * as it does once a minute: with the distributions' timeouts it stands still for 300 s in that question.
 */
const OUTAGE_SECONDS = 90;
/** Of librados, which Cinder's -1 leaves in force. */
const UNSET = "rados_connect_timeout = -1";

const fleet = new Fleet(labTopology(), "forced");

/** Whether every image gives its write lock, as a guest's first write would need, and why not. */
async function writable(): Promise<string> {
    const images = fleet.ids.map((id) => `volume-${id}`);
    const start = performance.now();
    const refused = await fleet.parts.sites.secondary.refusedImages(
        "volumes",
        { do: "writable", images },
        WRITE_SECONDS,
    );
    const seconds = (performance.now() - start) / 1000;
    if (refused.length === 0) return `writable ${seconds.toFixed(1)} s later`;
    const why = [...new Set(refused.map(({ error }) => error))].join("; ");
    return `and ${String(refused.length)} of ${String(images.length)} images could not be written: ${why}`;
}

async function bare(whose: string): Promise<string> {
    const seconds = await bareFailover(fleet);
    return `failover-host with ${whose} timeouts: failed-over after ${seconds.toFixed(1)} s, ${await writable()}`;
}

async function ours(...flags: string[]): Promise<string> {
    const words = ["failover", "--forced", ...flags, ...(await fleet.consents("forced"))];
    const { line, end, text } = await secondsTo(fleet, /^ok +writable: /m, ...words);
    for (const phase of text.split("\n").filter((l) => /\([\d.]+ s\)$/.test(l))) say(phase);
    return `writable after ${line.toFixed(1)} s, thawed and ended after ${end.toFixed(1)} s`;
}

/**
 * As cephadm's container engine stops it: SIGTERM, and SIGKILL after 10 s. systemd alone waits for its 90 s, since
 * rbd-mirror has been seen not to end by itself while the other site is dead.
 */
const STOP = `p=$(pgrep -x rbd-mirror); systemctl stop ceph-rbd-mirror@rbd-mirror.secondary.service & stop=$!
(sleep 10; kill -KILL "$p" 2>/dev/null) & wait "$stop"`;

async function orderly(): Promise<string> {
    const admin = new AdminHost("secondary");
    const seconds = await clock(() => admin.sh(STOP));
    admin.close();
    return `after ${seconds.toFixed(1)} s for an orderly stop of rbd-mirror, ${await ours("--rbd-mirror-stopped")}`;
}

const contestants: Record<string, () => Promise<string>> = {
    ours: async () => `cinder-dr failover --forced: ${await ours()}`,
    rows: async () =>
        `cinder-dr failover --forced --write-all-rows: ${await ours("--write-all-rows")}`,
    orderly: async () => `cinder-dr failover --forced --rbd-mirror-stopped: ${await orderly()}`,
    timeouts: () => bare("our"),
    plain: () => bare("the distributions'"),
};

async function measure(name: string, work: () => Promise<string>): Promise<void> {
    await fleet.write("primary");
    await fleet.replayed("primary");
    say(`${name}: the primary's Ceph is killed`);
    lab("kill", "primary", "ceph");
    await pause(OUTAGE_SECONDS * 1000, AbortSignal.timeout(2 * OUTAGE_SECONDS * 1000));
    try {
        console.log(`${COUNT} volumes: ${await work()}`);
    } finally {
        const seconds = await clock(() => {
            if (name !== "orderly") lab("kill", "secondary", "mirror");
            lab("up");
            return Promise.resolve();
        });
        say(`${name}: the lab is up again after ${seconds.toFixed(0)} s`);
    }
    await back(fleet);
}

async function main(): Promise<void> {
    const wanted = NAMES.length > 0 ? NAMES : Object.keys(contestants);
    try {
        await fleet.make(Number(COUNT));
        for (const name of wanted) {
            const work = contestants[name];
            if (work === undefined) throw new Error(`no contestant is called '${name}'`);
            if (name === "plain")
                await editHosts(
                    fleet.cinder,
                    `s/^rados_connect_timeout = /# bench &/;/^# bench rados/a ${UNSET}`,
                    /^rados_connect_timeout = -1$/m,
                );
            try {
                await measure(name, work);
            } finally {
                if (name === "plain")
                    await editHosts(
                        fleet.cinder,
                        `/^${UNSET}$/d;s/^# bench rados/rados/`,
                        /^rados_connect_timeout = [1-9]/m,
                    );
            }
        }
    } finally {
        await fleet.close();
    }
}

void main();
