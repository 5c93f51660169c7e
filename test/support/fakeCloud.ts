import type { ServiceRow } from "../../core/service";
import type { Cinder } from "../../operations/cinder";
import type { Volume, VolumeType } from "../../core/volume";
import type { Answer, Outcome } from "./sshServer";

/**
 * A Cinder and two Ceph clusters as far as verify uses them: enough state to see what was made and what was left.
 * A test changes one answer to see what verify makes of it.
 */
export class FakeCloud {
    types: VolumeType[] = [
        {
            id: "t",
            name: "replicated",
            extra_specs: { replication_enabled: "<is> True", volume_backend_name: "ceph" },
        },
    ];
    /** Cinder's services, or why it does not name them. */
    services: () => Promise<ServiceRow[]> = () => Promise.resolve([]);
    volumes = new Map<string, Volume>();
    snapshots = new Set<string>();
    clones = new Set<string>();
    /** How many volumes were ever made. */
    made = 0;
    /** What a new volume is like. */
    fresh: Partial<Volume> = { status: "available", replication_status: "enabled" };
    features = ["exclusive-lock", "journaling"];
    mirroring: object | undefined = { mode: "journal", state: "enabled", primary: true };
    /** Commands that fail with exit code 1: a part of the line. */
    broken: string | undefined;
    /** What the secondary holds of the diff written on the primary. */
    carried = (diff: Buffer): Buffer => diff;
    private diff: Buffer = Buffer.alloc(0);

    /** What `ceph fsid` says on each site. */
    readonly fsids = { paris: "of paris", lyon: "of lyon" };

    readonly cinder = {
        volumeTypes: () => Promise.resolve(this.types),
        services: () => this.services(),
        createVolume: ({ name }: { name: string }) => {
            const id = `v${++this.made}`;
            const volume = { id, name, created_at: "2026-01-01T00:00:00", ...this.fresh } as Volume;
            this.volumes.set(id, volume);
            return Promise.resolve(volume);
        },
        volume: (id: string) => Promise.resolve(this.volumes.get(id)),
        volumesWith: () => Promise.resolve([...this.volumes.values()]),
        deleteVolume: (id: string) => {
            if (this.volumes.get(id)?.status === "creating")
                return Promise.reject(new Error("400: Volume status must be available"));
            this.volumes.delete(id);
            return Promise.resolve();
        },
        messagesOf: () => Promise.resolve(["schedule allocate volume: no valid backend"]),
    } as unknown as Cinder;

    private image(command: string): Outcome {
        const id = / \S+\/volume-(\w+)$/.exec(command)?.[1] ?? "";
        if (!this.volumes.has(id))
            return {
                code: 2,
                stderr: `rbd: error opening image volume-${id}: (2) No such file or directory`,
            };
        return {
            code: 0,
            stdout: JSON.stringify({
                size: 1 << 30,
                features: this.features,
                mirroring: this.mirroring,
            }),
        };
    }

    private keep(set: Set<string>, command: string, name: RegExp, add: boolean): Outcome {
        const found = name.exec(command)?.[1] ?? "";
        if (add) set.add(found);
        else if (!set.delete(found))
            return { code: 2, stderr: "rbd: (2) No such file or directory" };
        return { code: 0 };
    }

    /** `rbd` on the admin host of either site. */
    readonly rbd: Answer = (command, stdin) => {
        if (command.endsWith(" fsid"))
            return {
                code: 0,
                stdout: `${command.includes("lyon.conf") ? this.fsids.lyon : this.fsids.paris}\n`,
            };
        if (this.broken !== undefined && command.includes(this.broken))
            return { code: 1, stderr: "rbd: it is broken" };
        const verb = /--client-mount-timeout 20 (.*)$/.exec(command)?.[1] ?? "";
        if (verb.startsWith("info")) return this.image(command);
        if (verb.startsWith("mirror image status"))
            return { code: 0, stdout: '{"state":"up+replaying","description":"replaying, {}"}' };
        if (verb.startsWith("import-diff")) this.diff = stdin;
        if (verb.startsWith("export-diff")) return { code: 0, stdout: this.carried(this.diff) };
        if (verb.startsWith("snap create")) return this.keep(this.snapshots, verb, /@(\S+)$/, true);
        if (verb.startsWith("snap rm")) return this.keep(this.snapshots, verb, /@(\S+)$/, false);
        if (verb.startsWith("snap ls"))
            return {
                code: 0,
                stdout: JSON.stringify([...this.snapshots].map((name) => ({ name }))),
            };
        if (verb.startsWith("clone")) return this.keep(this.clones, verb, /\/([^/ ]+)$/, true);
        if (verb.startsWith("rm")) return this.keep(this.clones, verb, /\/([^/ ]+)$/, false);
        return { code: 0 };
    };
}
