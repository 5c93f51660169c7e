/** Start-up of the program that `pulumi up` runs, beside a bare Pulumi program in plain JavaScript, in one run. */
import { join } from "node:path";

import { interleave, report, timed } from "./clock";

const ROUNDS = Number(process.argv[2] ?? 9);
const mocked = join(__dirname, "startup/mocked.js");

const blob = Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from("ssh-ed25519"),
    Buffer.from([0, 0, 0, 32]),
    Buffer.alloc(32, 7),
]);
const hostKey = `ssh-ed25519 ${blob.toString("base64")}`;
const uuid = (n: number): string => `00000000-0000-4000-8000-00000000000${String(n)}`;
const topology = {
    sites: {
        primary: { name: "paris", adminHost: { address: "192.0.2.1", hostKey } },
        secondary: { name: "lyon", adminHost: { address: "192.0.2.2", hostKey } },
    },
    backends: {
        ceph: {
            pool: "volumes",
            user: "cinder",
            secretUuid: uuid(1),
            replicationDevice: { backendId: "lyon", secretUuid: uuid(2) },
        },
    },
    hosts: {
        "cinder-a": { address: "192.0.2.3", hostKey },
        "cinder-b": { address: "192.0.2.4", hostKey },
    },
    volumeTypes: { replicated: { backend: "ceph" } },
};
const env = {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify({ "cinder-dr:topology": JSON.stringify(topology) }),
};

const node = (args: string[]): number => timed(process.execPath, args, { env });

report(
    interleave(ROUNDS, {
        "cinder-dr's index.ts": () =>
            node([
                "--require",
                join(__dirname, "../toolchain/register.js"),
                mocked,
                join(__dirname, "../index.ts"),
            ]),
        "a bare program in JavaScript": () => node([mocked, join(__dirname, "startup/bare.js")]),
    }),
);
