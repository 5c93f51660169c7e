import { addressOf, hopsOf } from "../facts/connections";
import { statementsOf } from "../facts/shellWords";
import { CINDER_HOST, COPIES, isOwnPush } from "../facts/texts";
import type { StackRule } from "../rule";
import { type Seen, textIn } from "../seen";

const WRITES = /(?:^|\/)(?:tee|crudini|openstack-config|install|mv|cp|sed)$/;
const CONF = /^[>]*\/\S*\/cinder\.conf$/;

const SSH_PORT = 22;

/** The file itself, not a copy beside it. */
const fileIn = (words: readonly string[]): string | undefined => {
    const file = words.find((word) => CONF.test(word));
    const writes = words.some((word) => WRITES.test(word)) || words.some((word) => /^>/.test(word));
    return writes ? file?.replace(/^>+/, "") : undefined;
};

/** Host and file of each cinder.conf that a resource writes. */
function seatsOf(seen: Seen): string[] {
    const [hop] = hopsOf(seen);
    const address = hop === undefined ? undefined : addressOf(hop);
    if (hop === undefined || address === undefined) return [];
    const file =
        seen.type === CINDER_HOST
            ? textIn(seen.inputs.configFile)
            : COPIES.includes(seen.type)
              ? CONF.exec(textIn(seen.inputs.remotePath) ?? "")?.[0]
              : statementsOf(seen)
                    .map(fileIn)
                    .find((f) => f !== undefined);
    const { port } = hop.fields;
    return file === undefined
        ? []
        : [`${address} ${typeof port === "number" ? port : SSH_PORT} ${file}`];
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
