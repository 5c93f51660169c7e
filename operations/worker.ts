import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { createHmac } from "node:crypto";

/** Where processes see each other. Without /proc only the machine's name tells one from another. */
export interface Place {
    host: string;
    boot: string;
    /** The namespace of process ids: another one in each container. */
    pids: string;
    /** The installed system's own id, which outlives a boot. */
    system: string;
}

/** What a journal's claim says of the process that works on it. */
export interface Claim {
    pid: number;
    /** When the process began: another one may have got its pid since. */
    start?: string;
    /** Claims of before lack it: those are of this machine. */
    place?: Place;
}

/** Who works on a journal, or may. */
export interface Worker extends Claim {
    /** Whether this machine sees it alive; else nobody here can tell. */
    isHere: boolean;
}

/** The pid namespace that a machine boots with; the kernel gives it this number (PROC_PID_INIT_INO). */
const FIRST_PIDS = "pid:[4026531836]";

/** What can be read; nothing where it is not there. */
function told(read: () => string): string {
    try {
        return read().trim();
    } catch {
        return "";
    }
}
export const textOf = (file: string): string => told(() => readFileSync(file, "utf8"));

/** The 22nd field; the second one, the command's name, may hold spaces and brackets. */
function startOf(pid: number): string {
    const stat = textOf(`/proc/${String(pid)}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

const here = (): Place => ({
    host: hostname(),
    boot: textOf("/proc/sys/kernel/random/boot_id"),
    pids: told(() => readlinkSync("/proc/self/ns/pid")),
    system: textOf("/etc/machine-id"),
});

/** This process. Made once: a machine that is given another name must still know its own claims. */
export const OWN: Required<Claim> = {
    pid: process.pid,
    start: startOf(process.pid),
    place: here(),
};

function isAlive({ pid, start = "" }: Claim): boolean {
    try {
        process.kill(pid, 0);
    } catch (error) {
        // EPERM: it is somebody else's, and alive.
        if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
    }
    const seen = startOf(pid);
    return seen === "" || start === "" || seen === start;
}

/** Whether a machine, and no container of it, has been started anew since: all its processes are gone. */
const wasRestarted = (then: Place, now: Place): boolean =>
    then.host === now.host &&
    then.system !== "" &&
    then.system === now.system &&
    then.boot !== now.boot &&
    [then, now].every(({ pids }) => pids === FIRST_PIDS);

/** @returns nobody where the process is known to be gone */
export function workerOfClaim(claim: Claim, now: Place = OWN.place): Worker | undefined {
    const { place = now } = claim;
    const isHere = place.host === now.host && place.boot === now.boot && place.pids === now.pids;
    if (isHere) return isAlive(claim) ? { ...claim, isHere } : undefined;
    return wasRestarted(place, now) ? undefined : { ...claim, isHere };
}

/** As other machines may read it: machine-id(5) asks to keep the id itself from them. */
const abroad = (place: Place): Place => ({
    ...place,
    system:
        place.system === ""
            ? ""
            : createHmac("sha256", place.system).update("cinder-dr").digest("hex"),
});

/** This process, for a lock that other machines read. */
export const ownWorker = (): Claim => ({ ...OWN, place: abroad(OWN.place) });

/**
 * Whether a process that says so of itself by {@link ownWorker} has ended, for sure: of this system, and it is not there, or
 * the system was restarted since. Without /proc nobody can tell, since machines may share a name.
 */
export const isKnownGone = (claim: Claim, now: Place = abroad(OWN.place)): boolean =>
    claim.place !== undefined && claim.place.boot !== "" && workerOfClaim(claim, now) === undefined;

/** What the process of a claim says of itself by {@link ownWorker}, where it is known to have ended. */
export function goneWorker({ place, ...claim }: Claim): Claim | undefined {
    if (place === undefined) return undefined;
    const worker = { ...claim, place: abroad(place) };
    return isKnownGone(worker) ? worker : undefined;
}
