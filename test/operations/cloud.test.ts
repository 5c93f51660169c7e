import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import { findCloud, type Cloud } from "../../operations/cloud";
import { CloudError } from "../../operations/cloudSettings";

const PASSWORD = {
    OS_AUTH_URL: "http://k/v3",
    OS_USERNAME: "u",
    OS_PASSWORD: "p",
    OS_PROJECT_NAME: "proj",
};
const USER = { name: "u", domain: { name: "Default" }, password: "p" };
const byPassword = (user: object = USER) => ({ methods: ["password"], password: { user } });
const PROJECT = { project: { name: "proj", domain: { name: "Default" } } };

describe("the cloud to talk to", () => {
    const folder = mkdtempSync(join(tmpdir(), "cinder-dr-clouds-"));
    const file = (name: string, text: string): string => {
        const path = join(folder, name);
        writeFileSync(path, text);
        return path;
    };
    after(() => {
        rmSync(folder, { recursive: true });
    });

    const fromEnv: [what: string, env: NodeJS.ProcessEnv, cloud: Partial<Cloud>][] = [
        [
            "by password",
            PASSWORD,
            {
                authUrl: "http://k/v3",
                identity: byPassword(),
                scope: PROJECT,
                interface: "public",
                insecure: false,
            },
        ],
        [
            "with domains",
            { ...PASSWORD, OS_USER_DOMAIN_ID: "d1", OS_PROJECT_DOMAIN_NAME: "d2" },
            {
                identity: byPassword({ name: "u", domain: { id: "d1" }, password: "p" }),
                scope: { project: { name: "proj", domain: { name: "d2" } } },
            },
        ],
        [
            "with ids",
            { ...PASSWORD, OS_USER_ID: "uid", OS_PROJECT_ID: "pid" },
            {
                identity: byPassword({ id: "uid", password: "p" }),
                scope: { project: { id: "pid" } },
            },
        ],
        [
            "of an old project name",
            { ...PASSWORD, OS_PROJECT_NAME: "", OS_TENANT_NAME: "proj" },
            { scope: PROJECT },
        ],
        [
            "by token",
            { OS_AUTH_URL: "http://k", OS_TOKEN: "tok", OS_PROJECT_NAME: "proj" },
            { identity: { methods: ["token"], token: { id: "tok" } }, scope: PROJECT },
        ],
        [
            "by application credential, which has its own scope",
            {
                OS_AUTH_URL: "http://k",
                OS_APPLICATION_CREDENTIAL_ID: "a",
                OS_APPLICATION_CREDENTIAL_SECRET: "s",
            },
            {
                identity: {
                    methods: ["application_credential"],
                    application_credential: { id: "a", secret: "s" },
                },
            },
        ],
        [
            "with region, interface and CA",
            {
                ...PASSWORD,
                OS_REGION_NAME: "r",
                OS_INTERFACE: "internalURL",
                OS_CACERT: "/ca.pem",
                OS_INSECURE: "true",
            },
            { region: "r", interface: "internal", cacert: "/ca.pem", insecure: true },
        ],
    ];
    for (const [what, env, cloud] of fromEnv)
        it(`comes from OS_* ${what}`, () => {
            const found = findCloud(env);
            assert.deepEqual({ ...found, ...cloud }, found);
            if (what.startsWith("by application")) assert.equal(found.scope, undefined);
        });

    it("comes from clouds.yaml, its secrets from secure.yaml", () => {
        const clouds = file(
            "clouds.yaml",
            "clouds:\n  lab:\n    auth: {auth_url: 'http://k', username: u, project_name: proj}\n    region_name: r\n    verify: false\n",
        );
        const secure = file("secure.yaml", "clouds:\n  lab:\n    auth: {password: p}\n");
        assert.deepEqual(
            findCloud({
                OS_CLOUD: "lab",
                OS_CLIENT_CONFIG_FILE: clouds,
                OS_CLIENT_SECURE_FILE: secure,
            }),
            {
                authUrl: "http://k",
                identity: byPassword(),
                scope: PROJECT,
                region: "r",
                interface: "public",
                insecure: true,
            },
        );
    });

    it("has its CA's file below the home folder where clouds.yaml says ~", () => {
        const clouds = file(
            "home.yaml",
            "clouds:\n  lab:\n    cacert: ~/ca.pem\n    auth: {auth_url: 'https://k', token: t, project_name: p}\n",
        );
        const found = findCloud({ OS_CLOUD: "lab", OS_CLIENT_CONFIG_FILE: clouds });
        assert.equal(found.cacert, join(homedir(), "ca.pem"));
    });

    it("comes from the files alone when OS_CLOUD names one, whatever else is set", () => {
        const clouds = file(
            "clouds.yaml",
            "clouds:\n  lab:\n    auth: {auth_url: 'http://k', username: u, password: p, project_name: proj}\n",
        );
        assert.equal(
            findCloud({
                ...PASSWORD,
                OS_AUTH_URL: "http://other",
                OS_CLOUD: "lab",
                OS_CLIENT_CONFIG_FILE: clouds,
            }).authUrl,
            "http://k",
        );
    });

    describe("has the region", () => {
        const AUTH = "auth: {auth_url: 'http://k', token: t, project_name: p}";
        let count = 0;
        const inEntry = (lines: string, OS_REGION_NAME?: string): Cloud =>
            findCloud({
                OS_CLOUD: "lab",
                OS_CLIENT_CONFIG_FILE: file(
                    `regions${String(count++)}.yaml`,
                    `clouds:\n  lab:\n    ${AUTH}\n    ${lines}\n`,
                ),
                ...(OS_REGION_NAME === undefined ? {} : { OS_REGION_NAME }),
            });
        const chosen: [
            what: string,
            lines: string,
            said: string | undefined,
            region: string | undefined,
        ][] = [
            ["of the variable where clouds.yaml names none", "verify: true", "two", "two"],
            ["of the variable where it is one of several", "regions: [one, two]", "two", "two"],
            ["of region_name", "region_name: one", undefined, "one"],
            ["of region_name, the variable being empty", "region_name: one", "", "one"],
            [
                "of region_name among several",
                "regions: [one, two]\n    region_name: two",
                undefined,
                "two",
            ],
            ["that is the only one listed", "regions: [one]", undefined, "one"],
            ["that is the only one listed with settings", "regions: [{name: one}]", "", "one"],
            ["of no name where nothing names one", "verify: true", undefined, undefined],
        ];
        for (const [what, lines, said, region] of chosen)
            it(what, () => {
                assert.equal(inEntry(lines, said).region, region);
            });

        it("with the settings of its own", () => {
            const lines =
                "regions:\n    - one\n    - {name: two, values: {interface: internal, auth: {auth_url: 'http://k2'}}}";
            const { authUrl, interface: face, scope } = inEntry(lines, "two");
            assert.deepEqual([authUrl, face], ["http://k2", "internal"]);
            assert.deepEqual(scope, { project: { name: "p", domain: { name: "Default" } } });
            assert.equal(inEntry(lines, "one").authUrl, "http://k");
        });

        const refused: [what: string, lines: string, said: string | undefined, message: string][] =
            [
                [
                    "several are listed and none is chosen",
                    "regions: [one, {name: two}]",
                    undefined,
                    "the cloud has several regions (one, two): choose one by OS_REGION_NAME, or as region_name in clouds.yaml",
                ],
                [
                    "several stand in region_name",
                    "region_name: one,two",
                    undefined,
                    "the cloud has several regions (one, two): choose one by OS_REGION_NAME, or as region_name in clouds.yaml",
                ],
                [
                    "the variable names none of clouds.yaml's",
                    "region_name: one",
                    "two",
                    "OS_REGION_NAME must be a region of the cloud (one), got 'two'",
                ],
                [
                    "region_name is none of those listed",
                    "region_name: three\n    regions: [one, two]",
                    undefined,
                    "region_name must be a region of the cloud (one, two), got 'three'",
                ],
            ];
        for (const [what, lines, said, message] of refused)
            it(`or fails where ${what}`, () => {
                assert.throws(() => inEntry(lines, said), { name: "CloudError", message });
            });
    });

    const missing: [what: string, env: () => NodeJS.ProcessEnv, message: string][] = [
        [
            "nothing",
            () => ({}),
            "no OpenStack cloud: set OS_CLOUD (clouds.yaml) or OS_AUTH_URL and its companions",
        ],
        [
            "no password",
            () => ({ OS_AUTH_URL: "http://k", OS_USERNAME: "u" }),
            "no credentials for OpenStack: set OS_CLOUD (clouds.yaml) or OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME",
        ],
        [
            "no project",
            () => ({ ...PASSWORD, OS_PROJECT_NAME: "" }),
            "no project for OpenStack: set OS_PROJECT_NAME or OS_PROJECT_ID, or project_name in clouds.yaml",
        ],
        [
            "another cloud's name",
            () => ({
                OS_CLOUD: "lba",
                OS_CLIENT_CONFIG_FILE: file("other.yaml", "clouds: {lab: {auth: {auth_url: x}}}"),
            }),
            `there is no cloud 'lba' in ${join(folder, "other.yaml")}`,
        ],
        [
            "a clouds.yaml that is no YAML",
            () => ({
                OS_CLOUD: "lab",
                OS_CLIENT_CONFIG_FILE: file("bad.yaml", "clouds: [\n  password: p4ss"),
            }),
            `${join(folder, "bad.yaml")} is no readable YAML`,
        ],
    ];
    for (const [what, env, message] of missing)
        it(`fails for ${what}`, () => {
            assert.throws(
                () => findCloud(env()),
                (error: Error) => {
                    assert.ok(error instanceof CloudError, error.message);
                    assert.equal(error.message, message);
                    return true;
                },
            );
        });
});
