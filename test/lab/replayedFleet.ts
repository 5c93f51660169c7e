import { Fleet } from "./fleet";
import { expectCode, lab, labTopology, up } from "./support";

/** Two volumes of one describe, written and replayed before its first test. */
export function replayedFleet(name: string): Fleet {
    const topology = labTopology();
    const fleet = new Fleet(topology, name);
    before(async () => {
        lab("up");
        expectCode(await up(topology), 0);
        await fleet.make(2);
        await fleet.write("primary");
        await fleet.replayed("primary");
    });
    after(() => fleet.close());
    return fleet;
}
