import { ceph, CEPH_TIMEOUT_SECONDS, exportImage, rbd } from "../core/rbd";
import { toShell, type Words } from "../core/shell";
import type { Role } from "../core/topology/site";
import type { Site } from "../core/topology";
import { answerIn, lifeIn, saidLast, withRequest, type Question } from "./hostScript";
import { SshHost, type CommandResult } from "./ssh";
import { RemoteError } from "./remoteError";

/** Limit of one rbd command: its connect, and the work of a small image. */
const RBD_SECONDS = CEPH_TIMEOUT_SECONDS + 40;
/** What `cephadm shell` and its like may take until the command in their container begins; `docker exec` takes no second. */
const PREFIX_SECONDS = 15;
/** `timeout` ends a command with this code. */
const TIMED_OUT = 124;
/** ENOENT: what rbd exits with when an image or snapshot is not there. */
const NOT_FOUND = 2;

/** Sums what a command prints; exits with the command's code, which a pipe would hide. */
const SUM = 'exec 3>&1; code=$({ { "$@"; echo $? >&4; } | sha256sum >&3; } 4>&1); exit "$code"';

const signOf = (result: CommandResult): RemoteError["sign"] => {
    const lives = lifeIn(result);
    return {
        ...(result.code === TIMED_OUT ? { isLate: true } : {}),
        ...(lives === undefined ? {} : { lives }),
    };
};

/** One Ceph cluster, asked through its admin host over one connection. */
export class CephSite {
    private readonly ssh: SshHost;

    constructor(
        readonly role: Role,
        readonly site: Site,
    ) {
        this.ssh = new SshHost(`site ${site.name} (${site.adminHost.address})`, site.adminHost);
    }

    /** The cluster's own id. */
    async fsid(): Promise<string> {
        const args = ["fsid"];
        const result = await this.ssh.run(ceph(this.site, args), RBD_SECONDS);
        if (result.code !== 0) throw this.failure(["ceph", ...args], result);
        return result.stdout.toString("utf8").trim();
    }

    /** Runs `ceph`; an error is an answer too. */
    ceph(args: Words): Promise<CommandResult> {
        return this.ssh.run(ceph(this.site, args), RBD_SECONDS);
    }

    /** Runs `rbd`. @throws RemoteError with rbd's own words unless it exits with 0 */
    async rbd(args: Words, stdin?: Buffer): Promise<Buffer> {
        const result = await this.attempt(args, stdin);
        if (result.code !== 0) throw this.failure(["rbd", ...args], result);
        return result.stdout;
    }

    /**
     * Asks host/pool.py on the admin host: one process and one connection for a whole pool.
     * @param seconds limit of the whole answer, from the connection on; a prefix's start does not count
     * @param connectSeconds limit of the connect and of each of Ceph's answers
     */
    async pool<T>(
        pool: string,
        request: Question,
        seconds = RBD_SECONDS,
        connectSeconds = CEPH_TIMEOUT_SECONDS,
    ): Promise<T> {
        const { commandPrefix, clusterName: cluster, conf, cephUser: user, keyring } = this.site;
        const names = { pool, cluster, conf, user, keyring };
        const whole = { ...request, ...names, seconds: connectSeconds };
        const words = [...commandPrefix, "python3", "-"];
        const limit = commandPrefix.length === 0 ? seconds : seconds + PREFIX_SECONDS;
        const result = await this.ssh.run(words, limit, withRequest("pool.py", whole));
        const answer = answerIn(result) as (T & { error?: string; lives?: string }) | undefined;
        // The sign of life is the last line of a look that was cut off behind it.
        if (answer === undefined || answer.lives !== undefined)
            throw this.failure(["python3", request.do], result, limit);
        if (answer.error !== undefined)
            throw new RemoteError(
                this.ssh.name,
                `${request.do} in pool ${pool}: ${answer.error}`,
                signOf(result),
            );
        return answer;
    }

    /** Has host/pool.py do one thing to many images. @returns those that refused, with the reason */
    async refusedImages(
        pool: string,
        question: Question & { images: readonly string[] },
        seconds: number,
    ): Promise<{ image: string; error: string }[]> {
        const { images } = await this.pool<{ images: Record<string, { error?: string }> }>(
            pool,
            question,
            seconds,
        );
        return Object.entries(images).flatMap(([image, { error }]) =>
            error === undefined ? [] : [{ image, error }],
        );
    }

    /** Like {@link rbd}, but undefined when the image or snapshot does not exist. */
    async rbdIfThere(args: Words, seconds = RBD_SECONDS): Promise<Buffer | undefined> {
        const result = await this.attempt(args, undefined, seconds);
        if (
            result.code === NOT_FOUND &&
            !/couldn't connect|keyring|config file/i.test(result.stderr)
        )
            return undefined;
        if (result.code !== 0) throw this.failure(["rbd", ...args], result, seconds);
        return result.stdout;
    }

    /** Like {@link rbd}, and an error is an answer too. */
    attempt(args: Words, stdin?: Buffer, seconds = RBD_SECONDS): Promise<CommandResult> {
        return this.ssh.run(rbd(this.site, args), seconds, stdin);
    }

    /**
     * SHA-256 of what an image or snapshot holds, holes as zeros; read and summed on the admin host.
     * @param seconds limit of the whole reading
     */
    async sha256(spec: string, seconds: number): Promise<string> {
        const words = rbd(this.site, exportImage(spec));
        const result = await this.ssh.run(["sh", "-c", SUM, "sh", ...words], seconds);
        if (result.code !== 0) throw this.failure(["rbd", "export", spec], result, seconds);
        return result.stdout.toString("utf8").split(" ")[0] ?? "";
    }

    private failure(args: Words, result: CommandResult, seconds = RBD_SECONDS): RemoteError {
        const { code } = result;
        const words = toShell(args);
        const said =
            code === TIMED_OUT ? `no answer within ${String(seconds)} s` : saidLast(result);
        return new RemoteError(
            this.ssh.name,
            `${words}: exit code ${String(code)}: ${said}`,
            signOf(result),
        );
    }

    close(): void {
        this.ssh.close();
    }
}
