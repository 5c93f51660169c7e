import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const SCRIPT = resolve(__dirname, "../../host/libvirt.py");

/** As virsh 9.0 of Debian 12 speaks (`man virsh`); no libvirtd behind it. */
const VIRSH = `#!/usr/bin/python3
import json, os, re, sys
here = os.path.dirname(os.path.abspath(__file__))
state = json.load(open(here + "/state.json"))
words = sys.argv[1:]
with open(here + "/log", "a") as log: log.write(json.dumps(words) + "\\n")
while words[0] != "virsh": words = words[1:]
assert words[1:3] == ["-q", "-c"], words
verb, args = words[4], words[5:]
def no(text): sys.stderr.write("error: " + text + "\\n"); sys.exit(1)
if state.get("broken"): no("failed to connect to the hypervisor")
if verb == "secret-list":
    for uuid in state["secrets"]: print(" %s  ceph client.x secret" % uuid)
elif verb == "secret-get-value":
    value = state["secrets"][args[0]]
    if value is None: no("Secret not found: secret '%s' does not have a value" % args[0])
    print(value)
elif verb == "secret-define":
    assert args == ["/dev/stdin"]
    text = open("/dev/stdin").read()
    assert "<usage type='ceph'>" in text and "private='no'" in text
    state["secrets"][re.search("<uuid>(.*)</uuid>", text).group(1)] = None
elif verb == "secret-set-value":
    assert args[1:] == ["--file", "/dev/stdin"]
    if state.get("full"): no("cannot write the value")
    state["secrets"][args[0]] = open("/dev/stdin").read()
elif verb == "secret-undefine": del state["secrets"][args[0]]
else: no("unknown command: " + verb)
json.dump(state, open(here + "/state.json", "w"))
`;

const KEY = (letter: string) => `AQ${letter.repeat(36)}==`;
const [A, B, FOREIGN] = ["a", "b", "f"].map((c) => `${c.repeat(8)}-0000-4000-8000-000000000000`);
const SECRETS = [
    { uuid: A, site: "paris", user: "cinder", key: KEY("A") },
    { uuid: B, site: "lyon", user: "cinder", key: KEY("B") },
];
type Secrets = Record<string, string | null>;

class Compute {
    readonly folder = mkdtempSync(join(tmpdir(), "cinder-dr-libvirt-"));
    readonly record = join(this.folder, "kept/libvirt.json");

    constructor(secrets: Secrets = {}) {
        this.set({ secrets });
        writeFileSync(join(this.folder, "docker"), VIRSH);
        chmodSync(join(this.folder, "docker"), 0o755);
    }

    set(state: object): void {
        writeFileSync(join(this.folder, "state.json"), JSON.stringify(state));
    }

    secrets(): Secrets {
        const text = readFileSync(join(this.folder, "state.json"), "utf8");
        return (JSON.parse(text) as { secrets: Secrets }).secrets;
    }

    /** Verbs of virsh since the last question; no key may stand in a word. */
    verbs(): string[] {
        const log = join(this.folder, "log");
        const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
        rmSync(log, { force: true });
        return lines.map((line) => {
            assert.doesNotMatch(line, /AQ[A-Z]{30}/);
            const words = JSON.parse(line) as string[];
            assert.deepEqual(words.slice(0, 7), [
                ...["exec", "-i", "nova_libvirt", "virsh", "-q", "-c"],
                "qemu:///system",
            ]);
            return words[7] ?? "";
        });
    }

    run(verb: string, more: object = {}) {
        const input = JSON.stringify({
            where: "compute c1",
            owner: "p/s/c",
            record: this.record,
            commandPrefix: [join(this.folder, "docker"), "exec", "-i", "nova_libvirt"],
            uri: "qemu:///system",
            secrets: SECRETS,
            ...more,
        });
        const { status, stdout, stderr } = spawnSync("/usr/bin/python3", [SCRIPT, verb], {
            input,
            encoding: "utf8",
        });
        assert.doesNotMatch(stdout + stderr, /AQ[A-Z]{30}/, "a key is shown");
        return { code: status, stdout, stderr: stderr.trim() };
    }
}

describe("host/libvirt.py with a fake virsh", () => {
    const made: Compute[] = [];
    const compute = (secrets?: Secrets): Compute => {
        const one = new Compute(secrets);
        made.push(one);
        return one;
    };
    after(() => {
        for (const { folder } of made) rmSync(folder, { recursive: true, force: true });
    });
    const whole = { [String(A)]: KEY("A"), [String(B)]: KEY("B") };

    it("defines what is missing, keys on stdin, and changes nothing the second time", () => {
        const one = compute({ [String(FOREIGN)]: "x" });
        const { code, stdout, stderr } = one.run("apply");
        assert.equal(code, 0, stderr);
        assert.equal(stdout, `CINDER_DR_RESULT {"changed": ["${String(A)}", "${String(B)}"]}\n`);
        assert.deepEqual(one.secrets(), { ...whole, [String(FOREIGN)]: "x" });
        assert.doesNotMatch(readFileSync(one.record, "utf8"), /AQ/);
        assert.equal(statSync(join(one.folder, "kept")).mode & 0o777, 0o700);
        one.verbs();
        assert.equal(one.run("apply").stdout, 'CINDER_DR_RESULT {"changed": []}\n');
        assert.deepEqual(one.verbs(), ["secret-list", "secret-get-value", "secret-get-value"]);
    });

    it("adopts a secret that is right, and leaves it at removal", () => {
        const one = compute({ [String(A)]: KEY("A") });
        assert.equal(one.run("apply").code, 0);
        assert.deepEqual(one.secrets(), whole);
        assert.equal(one.run("remove").code, 0);
        assert.deepEqual(one.secrets(), { [String(A)]: KEY("A") });
        assert.equal(existsSync(one.record), false);
        assert.equal(one.run("remove").code, 0);
    });

    it("refuses a secret of somebody else's with another value, before the first change", () => {
        const one = compute({ [String(B)]: "another" });
        const { code, stderr } = one.run("apply");
        assert.equal(code, 3);
        assert.equal(
            stderr,
            `cinder-dr: compute c1: libvirt secrets: secret ${String(B)} is there with another value, and was not defined from here; \`virsh secret-undefine ${String(B)}\` if nothing needs it, or name another secretUuid (nothing was changed)`,
        );
        assert.deepEqual(one.secrets(), { [String(B)]: "another" });
    });

    it("gives a secret of its own its key again, and one of another stack's not", () => {
        const one = compute();
        assert.equal(one.run("apply").code, 0);
        one.set({ secrets: { ...whole, [String(A)]: "damaged" } });
        assert.equal(one.run("apply", { owner: "p/other/c" }).code, 3);
        assert.equal(one.run("apply").code, 0);
        assert.deepEqual(one.secrets(), whole);
    });

    it("leaves the secrets of a host that is called otherwise now to its new name", () => {
        const one = compute();
        const renamed = { where: "compute c2" };
        assert.equal(one.run("apply").code, 0);
        assert.equal(one.run("apply", renamed).stdout, 'CINDER_DR_RESULT {"changed": []}\n');
        const left = one.run("remove");
        assert.equal(left.code, 0);
        assert.equal(
            left.stderr,
            "cinder-dr: compute c1: libvirt secrets: they are compute c2's now, and are left as they are",
        );
        assert.deepEqual(one.secrets(), whole);
        assert.equal(one.run("remove", renamed).code, 0);
        assert.deepEqual(one.secrets(), {});
        assert.equal(existsSync(one.record), false);
        assert.equal(one.run("remove").code, 0);
    });

    it("takes back what an earlier version wrote down without a name", () => {
        const one = compute();
        assert.equal(one.run("apply").code, 0);
        writeFileSync(one.record, JSON.stringify({ "p/s/c": [A, B] }));
        assert.equal(one.run("remove").code, 0);
        assert.deepEqual(one.secrets(), {});
    });

    it("goes on after a run that was cut between definition and value", () => {
        const one = compute();
        one.set({ secrets: {}, full: true });
        const { code, stderr } = one.run("apply");
        assert.equal(code, 1);
        assert.match(
            stderr,
            /^cinder-dr: compute c1: libvirt secrets: `virsh secret-set-value` ended with 1: error: cannot write the value; correct the cause/,
        );
        one.set({ secrets: { [String(A)]: null } });
        assert.equal(one.run("apply").code, 0);
        assert.deepEqual(one.secrets(), whole);
        assert.equal(one.run("remove").code, 0);
        assert.deepEqual(one.secrets(), {});
    });

    it("says when libvirt does not answer, or is not there", () => {
        const one = compute();
        one.set({ secrets: {}, broken: true });
        assert.match(one.run("apply").stderr, /failed to connect to the hypervisor; .*\(nothing/);
        const gone = one.run("apply", { commandPrefix: ["/no/docker"] });
        assert.equal(gone.code, 3);
        assert.match(gone.stderr, /`\/no\/docker` cannot be run: No such file or directory; /);
    });
});
