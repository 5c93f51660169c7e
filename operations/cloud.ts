import { homedir } from "node:os";

import { asSettings, CloudError, settingsOf, text, type Settings } from "./cloudSettings";

/** How to sign in to an OpenStack cloud: what clouds.yaml or the OS_* variables say. */
export interface Cloud {
    /** Keystone's URL, with or without /v3. */
    authUrl: string;
    /** The `auth.identity` part of Keystone's token request, and its scope. */
    identity: object;
    scope?: object;
    /** Undefined where the catalog must have one alone. */
    region?: string;
    interface: string;
    /** PEM file of the CA that signed the cloud's certificates. */
    cacert?: string;
    insecure: boolean;
}

const domain = (auth: Settings, prefix: string): object => {
    const id = text(auth, `${prefix}_domain_id`);
    if (id !== undefined) return { id };
    return {
        name: text(auth, `${prefix}_domain_name`) ?? text(auth, "default_domain") ?? "Default",
    };
};

function scopeOf(auth: Settings): object {
    const id = text(auth, "project_id") ?? text(auth, "tenant_id");
    if (id !== undefined) return { project: { id } };
    const name = text(auth, "project_name") ?? text(auth, "tenant_name");
    if (name === undefined)
        throw new CloudError(
            "no project for OpenStack: set OS_PROJECT_NAME or OS_PROJECT_ID, or project_name in clouds.yaml",
        );
    return { project: { name, domain: domain(auth, "project") } };
}

function identityOf(auth: Settings): Pick<Cloud, "identity" | "scope"> {
    const application = text(auth, "application_credential_id");
    const secret = text(auth, "application_credential_secret");
    if (application !== undefined && secret !== undefined)
        return {
            identity: {
                methods: ["application_credential"],
                application_credential: { id: application, secret },
            },
        };
    const token = text(auth, "token");
    if (token !== undefined)
        return { identity: { methods: ["token"], token: { id: token } }, scope: scopeOf(auth) };
    const name = text(auth, "username");
    const userId = text(auth, "user_id");
    const password = text(auth, "password");
    if ((name === undefined && userId === undefined) || password === undefined)
        throw new CloudError(
            "no credentials for OpenStack: set OS_CLOUD (clouds.yaml) or OS_USERNAME, OS_PASSWORD and OS_PROJECT_NAME",
        );
    const user = userId === undefined ? { name, domain: domain(auth, "user") } : { id: userId };
    return {
        identity: { methods: ["password"], password: { user: { ...user, password } } },
        scope: scopeOf(auth),
    };
}

/**
 * The cloud to talk to: OS_CLOUD in clouds.yaml (and secure.yaml), else the OS_* variables. OS_REGION_NAME chooses the
 * region of both.
 * @throws CloudError when neither names one, and when it is left open which region is meant
 */
export function findCloud(env: NodeJS.ProcessEnv): Cloud {
    const settings = settingsOf(env);
    const auth = asSettings(settings.auth);
    const authUrl = text(auth, "auth_url");
    if (authUrl === undefined)
        throw new CloudError(
            "no OpenStack cloud: set OS_CLOUD (clouds.yaml) or OS_AUTH_URL and its companions",
        );
    const region = text(settings, "region_name");
    const cacert = text(settings, "cacert")?.replace(/^~(?=\/)/, homedir());
    return {
        authUrl,
        ...identityOf(auth),
        ...(region === undefined ? {} : { region }),
        interface: (text(settings, "interface") ?? "public").replace(/URL$/, ""),
        ...(cacert === undefined ? {} : { cacert }),
        insecure: settings.verify === false,
    };
}
