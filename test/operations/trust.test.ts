import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";

import { findCloud } from "../../operations/cloud";
import { CloudError } from "../../operations/cloudSettings";
import { OpenStackApi } from "../../operations/openstack";
import { trustedCas } from "../../operations/trust";

const CINDER = { name: "Cinder", types: ["volumev3"], apiVersion: "volume 3.5" };

describe("a cloud's certificate", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-trust-"));
    const inFolder = (name: string) => join(folder, name);
    const [ca, otherCa] = [inFolder("ca.pem"), inFolder("other.pem")];
    const bundleBefore = process.env.REQUESTS_CA_BUNDLE;
    let server: Server;
    let url: string;

    const openssl = (line: string) => execFileSync("openssl", line.split(" "), { stdio: "pipe" });

    before(async () => {
        const ec = "-nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 2";
        for (const file of [ca, otherCa])
            openssl(`req -x509 ${ec} -subj /CN=ca -keyout ${file}.key -out ${file}`);
        const [key, cert] = [inFolder("key.pem"), inFolder("cert.pem")];
        openssl(
            `req -x509 ${ec} -subj /CN=keystone -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE -CA ${ca} -CAkey ${ca}.key -keyout ${key} -out ${cert}`,
        );
        server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, res) => {
            const endpoints = [{ interface: "public", url: `${url}/volume` }];
            const catalog = [{ type: "volumev3", endpoints }];
            res.writeHead(201, { "x-subject-token": "t" });
            res.end(JSON.stringify({ token: { catalog } }));
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    });
    afterEach(() => {
        if (bundleBefore === undefined) delete process.env.REQUESTS_CA_BUNDLE;
        else process.env.REQUESTS_CA_BUNDLE = bundleBefore;
    });
    after(() => {
        server.closeAllConnections();
        server.close();
        rmSync(folder, { recursive: true });
    });

    /** Signs in and asks once. */
    async function ask(env: NodeJS.ProcessEnv = {}): Promise<void> {
        const auth = { OS_AUTH_URL: url, OS_TOKEN: "t", OS_PROJECT_NAME: "p" };
        const api = new OpenStackApi(findCloud({ ...auth, ...env }), CINDER);
        try {
            await api.call("GET", "/types");
        } finally {
            await api.close();
        }
    }
    const unknown = (words: RegExp) => ({
        name: "OpenStackError",
        message: new RegExp(
            `^Keystone at ${url} does not answer: ${words.source}: this machine does not know its CA: name the CA's PEM file as cacert in clouds\\.yaml or by OS_CACERT$`,
        ),
    });

    it("of a private CA that the system's bundle has is trusted", async () => {
        process.env.REQUESTS_CA_BUNDLE = ca;
        await ask();
    });

    it("of a CA that nobody here knows is refused, with the way to make it known", async () => {
        await assert.rejects(
            ask(),
            unknown(/unable to (?:get local issuer|verify the first) certificate/),
        );
    });

    it("is judged whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
        const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
        try {
            await assert.rejects(ask(), { name: "OpenStackError" });
        } finally {
            if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
            else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
        }
    });

    it("is judged by the cloud's own cacert alone where there is one", async () => {
        await ask({ OS_CACERT: ca });
        process.env.REQUESTS_CA_BUNDLE = ca;
        await assert.rejects(ask({ OS_CACERT: otherCa }), { name: "OpenStackError" });
    });

    it("is not judged where the cloud is marked insecure", async () => {
        await ask({ OS_INSECURE: "true" });
    });

    it("needs a cacert that can be read", async () => {
        const file = inFolder("none.pem");
        await assert.rejects(ask({ OS_CACERT: file }), (error: Error) => {
            assert.ok(error instanceof CloudError);
            assert.equal(
                error.message,
                `cacert (OS_CACERT) must be a readable PEM file, got '${file}' (ENOENT: no such file or directory, open '${file}')`,
            );
            return true;
        });
    });
});

describe("the CAs that are trusted", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-cas-"));
    const file = (name: string): string => {
        writeFileSync(join(folder, name), name);
        return join(folder, name);
    };
    const [debian, redHat, extra] = [file("debian"), file("red-hat"), file("extra")];
    after(() => {
        rmSync(folder, { recursive: true });
    });

    const added: [what: string, env: NodeJS.ProcessEnv, bundles: string[], names: string[]][] = [
        ["of the first bundle that is there", {}, [`${debian}.not`, redHat, debian], ["red-hat"]],
        ["of no bundle where there is none", {}, [], []],
        [
            "of NODE_EXTRA_CA_CERTS too",
            { NODE_EXTRA_CA_CERTS: extra },
            [debian],
            ["debian", "extra"],
        ],
        ["of the bundle that requests is told", { REQUESTS_CA_BUNDLE: extra }, [debian], ["extra"]],
        ["of the bundle that OpenSSL is told", { SSL_CERT_FILE: extra }, [debian], ["extra"]],
        ["of no folder", { REQUESTS_CA_BUNDLE: folder, SSL_CERT_FILE: "" }, [debian], ["debian"]],
    ];
    for (const [what, env, bundles, names] of added)
        it(`are Node's own and those ${what}`, () => {
            assert.deepEqual(trustedCas(env, bundles), [...rootCertificates, ...names]);
        });
});
