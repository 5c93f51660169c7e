import { addressOf, hopsOf } from "../facts/connections";
import { statementsOf } from "../facts/shellWords";
import { filesWritten } from "../facts/written";
import { CINDER_HOST, COPIES, isOwnPush } from "../facts/texts";
import type { StackRule } from "../rule";
import { type Seen, textIn } from "../seen";

/** The file itself, not a copy beside it. */
const CONF = /^\/\S*\/cinder\.conf$/;

const SSH_PORT = 22;

const filesOf = (seen: Seen): string[] => {
    if (seen.type === CINDER_HOST) return [textIn(seen.inputs.configFile) ?? ""];
    if (COPIES.includes(seen.type)) return [textIn(seen.inputs.remotePath) ?? ""];
    return statementsOf(seen).flatMap(filesWritten);
};

/** Host and file of each cinder.conf that a resource writes. */
function seatsOf(seen: Seen): Set<string> {
    const [hop] = hopsOf(seen);
    const address = hop === undefined ? undefined : addressOf(hop);
    if (hop === undefined || address === undefined) return new Set();
    const { port } = hop.fields;
    const seat = `${address} ${typeof port === "number" ? port : SSH_PORT}`;
    return new Set(
        filesOf(seen)
            .filter((file) => CONF.test(file))
            .map((file) => `${seat} ${file}`),
    );
}

export const confFileHasOneWriter: StackRule = {
    name: "conf-file-has-one-writer",
    demand: "One resource writes the cinder.conf of a host",
    why: "Two resources that write one file undo each other, in an order that nobody chose; one replaced resource removes what the other wrote",
    source: "the engine runs resources without dependencies at once",
    level: "mandatory",
    severity: "high",
    reference: "internal",
    traps: [22, 23],
    checks: [],
    *judgeStack({ resources }) {
        const writers = new Map<string, Seen>();
        for (const resource of resources.filter((r) => !isOwnPush(r)))
            for (const seat of seatsOf(resource)) {
                const other = writers.get(seat);
                if (other === undefined) writers.set(seat, resource);
                else
                    yield {
                        urn: resource.urn,
                        sentence: `writes the cinder.conf that '${other.name}' writes on the same host; leave one of the two`,
                    };
            }
    },
};
