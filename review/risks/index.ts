import { LEVELS, type Risk, type Situation } from "../risk";
import { backendRisks } from "./backends";
import { cephRisks } from "./ceph";
import { hostRisks } from "./hosts";
import { resourceRisks } from "./resources";
import { stackRisks } from "./stack";
import { stackFileRisks } from "./stackFile";
import { volumeTypeRisks } from "./volumeTypes";

export const identityOf = ({ name, kind, subject }: Risk): string =>
    [name, kind, subject].join("\u0000");

/** Risks that are read from steps: a replacement has several, and is one risk. */
const ONCE = new Set(["unknown-effect", "moved-in-the-program"]);

/** Every risk of a change, the worst first; two of one name and subject are two, when they say different things. */
export function risksOf(situation: Situation): Risk[] {
    const all = [
        ...stackRisks(situation),
        ...backendRisks(situation),
        ...volumeTypeRisks(situation),
        ...hostRisks(situation),
        ...cephRisks(situation),
        ...resourceRisks(situation),
        ...stackFileRisks(situation),
    ].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
    const seen = new Set<string>();
    return all.filter((risk) => {
        const identity = `${identityOf(risk)}\u0000${ONCE.has(risk.name) ? "" : risk.fact}`;
        return !seen.has(identity) && seen.add(identity);
    });
}
