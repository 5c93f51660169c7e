import { closeSync, openSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { createHmac } from "node:crypto";

import { workerOf, type JournalEntry } from "../core/operation";
import { JournalError, unwritten, writeWhole } from "./journalFolder";

/** Another process works on the operation, or may: to wait for, and no fault. */
export class BusyError extends JournalError {
    override readonly name = "BusyError";
}

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
const textOf = (file: string): string => told(() => readFileSync(file, "utf8"));

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

/** Made once: a machine that is given another name must still know its own claims. */
const OWN: Required<Claim> = { pid: process.pid, start: startOf(process.pid), place: here() };

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

function claimIn(text: string): Claim | undefined {
    let said: Claim | number | null;
    try {
        said = JSON.parse(text) as Claim | number | null;
    } catch {
        // Empty, or cut short, after a loss of power.
        return undefined;
    }
    // Of before: the pid alone.
    const claim = typeof said === "number" ? { pid: said } : said;
    // Pid 0 would be this process's own group.
    return claim !== null && claim.pid > 0 ? claim : undefined;
}

/** Who works on the journal of this claim's file, or may. */
export function workerIn(file: string): Worker | undefined {
    const claim = claimIn(textOf(file));
    return claim === undefined ? undefined : workerOfClaim(claim);
}

const isOwn = ({ pid, isHere }: Worker): boolean => isHere && pid === process.pid;

function busy(
    file: string,
    id: string,
    entries: readonly JournalEntry[],
    { pid, place, isHere }: Worker,
): BusyError {
    const process = `${workerOf(entries)} (process ${String(pid)} on`;
    if (isHere) return new BusyError(`${process} this machine, by ${file})`);
    const { host = "" } = place ?? {};
    const where = host === OWN.place.host ? ", in another container or before a restart" : "";
    return new BusyError(
        `${process} machine ${host}${where}, by ${file}); nobody can see from here whether it lives: when that is known to be gone, --break-lock ${id} goes on here`,
    );
}

function make(file: string): void {
    const handle = openSync(file, "wx", 0o600);
    try {
        writeWhole(handle, Buffer.from(JSON.stringify(OWN)));
    } catch (error) {
        // Empty it would stand for nobody, and beside a journal that was never begun.
        rmSync(file, { force: true });
        throw error;
    } finally {
        closeSync(handle);
    }
}

/**
 * Makes the file that says which process works on a journal; that of a process known to be gone is taken over.
 * @param entries of the journal so far; they say who works on it
 * @param broken id of the operation that is known to be gone, by the operator's word: it counts for other machines
 * @returns the process that was at work on it before, where it was taken over
 * @throws BusyError, JournalError
 */
export function claim(
    file: string,
    id: string,
    entries: readonly JournalEntry[],
    broken?: string,
): Claim | undefined {
    let before: Claim | undefined;
    for (let tries = 0; tries < 2; tries++) {
        try {
            make(file);
            return before;
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritten(file, error);
        }
        const worker = workerIn(file);
        const isBroken = worker?.isHere === false && broken === id;
        if (worker !== undefined && !isOwn(worker) && !isBroken)
            throw busy(file, id, entries, worker);
        before = claimIn(textOf(file));
        rmSync(file, { force: true });
    }
    throw new BusyError("another process has just begun to work on this operation");
}

/** Takes back what {@link claim} has made, unless another machine has taken the operation over. */
export function unclaim(file: string): void {
    const worker = workerIn(file);
    if (worker === undefined || isOwn(worker)) rmSync(file, { force: true });
}
