// What the lab hands to its users: topology, Pulumi's stack file, the shell environment.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const LAB = "/var/lib/cinder-dr-lab";
export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
export const ENV_LINE = `. ${LAB}/env.sh`;

const STACK_FILE = join(PROJECT, "Pulumi.lab.yaml");
const SALT_FILE = join(LAB, "encryptionsalt");

const read = (path) => readFileSync(join(LAB, path), "utf8").trim();

function write(path, text, mode = 0o644) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, text, { mode });
    renameSync(`${path}.new`, path);
}

function hostKey(host) {
    const [kind, key] = read(`rooms/${host}/etc/ssh/ssh_host_ed25519_key.pub`).split(" ");
    return `${kind} ${key}`;
}

/** A policy lets an exemption end at most 366 days ahead. */
const EXEMPT_DAYS = 300;

function site(role, name, address) {
    const conf = read(`rooms/ceph-${role}/etc/ceph/ceph.conf`);
    return {
        name,
        fsid: /^fsid = (.*)$/m.exec(conf)[1],
        clusterName: "ceph",
        conf: "/etc/ceph/ceph.conf",
        cephUser: "admin",
        adminHost: { address, user: "root", hostKey: hostKey(`ceph-${role}`) },
        ...(isBare() ? daemons(role, address) : {}),
    };
}

/** A bare lab has no Ceph side yet: the stack makes it. */
const isBare = () => existsSync(join(LAB, "flavour")) && read("flavour") === "bare";

/** rbd-mirror runs on the admin host here. */
function daemons(role, address) {
    return {
        watchUser: "cinder-dr-watch",
        rbdMirror: {
            hosts: {
                [`ceph-${role}`]: {
                    address,
                    hostKey: hostKey(`ceph-${role}`),
                    cephUser: `rbd-mirror.${role}`,
                },
            },
        },
    };
}

function cinderHost(name, address, user, standsIn) {
    return {
        address,
        user,
        hostKey: hostKey(name),
        backends: ["ceph"],
        service: { systemd: { unit: "cinder-volume" } },
        site: standsIn,
    };
}

export function topology() {
    return {
        release: "zed",
        ssh: {
            user: "root",
            port: Number(read("ssh/port")),
            identityFile: `${LAB}/ssh/id_ed25519`,
        },
        sites: {
            primary: site("primary", "primary", "127.0.3.1"),
            secondary: site("secondary", "secondary", "127.0.3.2"),
        },
        backends: {
            ceph: {
                volumeBackendName: "ceph",
                pool: "volumes",
                user: "cinder",
                clusterName: "ceph",
                conf: "/etc/ceph/ceph.conf",
                secretUuid: read("secret-uuid/primary"),
                replicationDevice: {
                    backendId: "secondary",
                    conf: "/etc/ceph/secondary.conf",
                    user: "cinder",
                    secretUuid: read("secret-uuid/secondary"),
                    pool: "volumes",
                },
            },
        },
        ...(isBare() ? { mirroring: { createPools: { pgNum: 8 }, clientFiles: {} } } : {}),
        hosts: {
            "cinder-a": cinderHost("cinder-a", "127.0.1.1", "root", "primary"),
            "cinder-b": cinderHost("cinder-b", "127.0.1.2", "deploy", "secondary"),
        },
        volumeTypes: {
            replicated: {
                backend: "ceph",
                description: "mirrored to the second Ceph cluster",
                protect: false,
            },
        },
    };
}

/** YAML of plain objects, arrays of scalars and scalars: all that a topology holds. */
function yaml(value, indent) {
    return Object.entries(value)
        .map(([key, child]) => {
            if (Array.isArray(child)) return `${indent}${key}: ${JSON.stringify(child)}\n`;
            if (typeof child === "object" && Object.keys(child).length === 0)
                return `${indent}${key}: {}\n`;
            if (typeof child === "object")
                return `${indent}${key}:\n${yaml(child, `${indent}    `)}`;
            const plain = typeof child !== "string" || /^[a-z/][\w./-]*$/i.test(child);
            return `${indent}${key}: ${plain ? child : JSON.stringify(child)}\n`;
        })
        .join("");
}

/**
 * The salt belongs to the state, and the state to the lab: without it a second clone could
 * not read the stack's secrets. Pulumi writes it into the stack file when it makes the stack.
 */
function keepSalt() {
    if (existsSync(SALT_FILE)) return readFileSync(SALT_FILE, "utf8").trim();
    if (!existsSync(STACK_FILE)) return undefined;
    const text = readFileSync(STACK_FILE, "utf8");
    const salt = /^encryptionsalt: (\S+)$/m.exec(text)?.[1];
    // a salt from a lab that is gone would not match this lab's passphrase
    if (!salt || !text.includes(topology().sites.primary.fsid)) return undefined;
    write(SALT_FILE, `${salt}\n`);
    return salt;
}

/** The policies ask for protected types; the lab's is taken down and up again. */
function exemptions() {
    const expires = new Date(Date.now() + EXEMPT_DAYS * 86_400_000).toISOString().slice(0, 10);
    return `    cinder-dr:exemptions:
        - rule: volume-type-is-protected
          resource: replicated
          reason: the lab is taken down and up again
          expires: ${expires}
`;
}

/** Rewrites the stack file, unless it is this lab's and only its user has changed it. */
export function writeStackFile({ fresh = false } = {}) {
    const salt = keepSalt();
    const config = topology();
    const digest = createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16);
    const stamp = `# made by the lab ${read("lab-id")}, topology ${digest}`;
    const current = existsSync(STACK_FILE) ? readFileSync(STACK_FILE, "utf8") : "";
    const upToDate = current.includes(stamp) && (!salt || current.includes(salt));
    if (!fresh && upToDate) return "unchanged";
    const saltLine = salt ? `encryptionsalt: ${salt}\n` : "";
    const body = yaml(config, "        ");
    write(
        STACK_FILE,
        `${stamp}\n${saltLine}config:\n    cinder-dr:topology:\n${body}${exemptions()}`,
    );
    return "written";
}

export function writeOutputs() {
    write(join(LAB, "topology.json"), `${JSON.stringify(topology(), null, 4)}\n`);
    write(join(LAB, "env.sh"), environment());
    return writeStackFile();
}

function environment() {
    return [
        "# for a shell that works with the lab; passwords stay in the files named here",
        // Without the side files that a killed Pulumi leaves empty and cannot read again.
        `export PULUMI_BACKEND_URL='file://${LAB}/state?metadata=skip'`,
        `export PULUMI_CONFIG_PASSPHRASE_FILE=${LAB}/passwords/passphrase`,
        "export PULUMI_SKIP_UPDATE_CHECK=true",
        "export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
        `export OS_CLIENT_CONFIG_FILE=${LAB}/clouds.yaml`,
        "export OS_CLOUD=lab",
        "",
    ].join("\n");
}
