import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { parse } from "yaml";

/** The credentials are missing or incomplete; says where they were looked for. */
export class CloudError extends Error {
    override readonly name = "CloudError";
}

export type Settings = Record<string, unknown>;

export const asSettings = (value: unknown): Settings =>
    typeof value === "object" && value !== null ? (value as Settings) : {};

/** The first of these files that exists; the order of openstacksdk. */
const find = (name: string, own: string | undefined): string | undefined =>
    [own, name, join(homedir(), ".config/openstack", name), join("/etc/openstack", name)].find(
        (file) => file !== undefined && file !== "" && existsSync(file),
    );

function readSettings(file: string): Settings {
    try {
        return asSettings(parse(readFileSync(file, "utf8")));
    } catch {
        // The parser's own error quotes the lines around the fault, and with them passwords.
        throw new CloudError(`${file} is no readable YAML`);
    }
}

function cloudEntry(file: string | undefined, cloud: string): Settings {
    if (file === undefined) return {};
    return asSettings(asSettings(readSettings(file).clouds)[cloud]);
}

function fromFiles(cloud: string, env: NodeJS.ProcessEnv): Settings {
    const file = find("clouds.yaml", env.OS_CLIENT_CONFIG_FILE);
    if (file === undefined)
        throw new CloudError(
            `OS_CLOUD is '${cloud}', but there is no clouds.yaml to look it up in`,
        );
    const entry = cloudEntry(file, cloud);
    if (Object.keys(entry).length === 0)
        throw new CloudError(`there is no cloud '${cloud}' in ${file}`);
    const secure = cloudEntry(find("secure.yaml", env.OS_CLIENT_SECURE_FILE), cloud);
    return { ...entry, ...secure, auth: { ...asSettings(entry.auth), ...asSettings(secure.auth) } };
}

/** OS_PROJECT_NAME becomes auth.project_name, and so on. */
function fromEnvironment(env: NodeJS.ProcessEnv): Settings {
    const named = Object.entries(env).filter(([key]) => key.startsWith("OS_"));
    const auth = Object.fromEntries(
        named.map(([key, value]) => [key.slice(3).toLowerCase(), value]),
    );
    return {
        auth,
        region_name: env.OS_REGION_NAME,
        interface: env.OS_INTERFACE,
        cacert: env.OS_CACERT,
        verify: !/^(1|true|yes)$/i.test(env.OS_INSECURE ?? ""),
    };
}

export const text = (settings: Settings, key: string): string | undefined => {
    const value = settings[key];
    return typeof value === "string" && value !== "" ? value : undefined;
};

/**
 * The regions that an entry names, with settings of their own: `regions` is a list of names or of `{name, values}`, and a
 * list in region_name is the older spelling of it (`_get_known_regions` of openstacksdk).
 */
function regionsOf(entry: Settings): Map<string, Settings> {
    const { regions = entry.region_name } = entry;
    const all: unknown[] = typeof regions === "string" ? regions.split(",") : [regions].flat();
    return new Map(
        all.flatMap((one) => {
            const name = typeof one === "string" ? one : text(asSettings(one), "name");
            return name === undefined || name === ""
                ? []
                : [[name, asSettings(asSettings(one).values)] as const];
        }),
    );
}

/**
 * The settings for one region: that of OS_REGION_NAME, which the `openstack` command puts before clouds.yaml and looks for
 * in it, else of region_name, else the only one of `regions`. That command takes the first of several; a failover of
 * another region's volumes is not taken back, so here somebody must say which.
 * @throws CloudError where several are named and none is chosen, or one that is none of them
 */
function inRegion(settings: Settings, env: NodeJS.ProcessEnv): Settings {
    const known = regionsOf(settings);
    const names = [...known.keys()];
    const said = text(env, "OS_REGION_NAME");
    const own = text(settings, "region_name");
    const name = said ?? (own?.includes(",") === true ? undefined : own);
    if (name === undefined && names.length > 1)
        throw new CloudError(
            `the cloud has several regions (${names.join(", ")}): choose one by OS_REGION_NAME, or as region_name in clouds.yaml`,
        );
    if (name !== undefined && names.length > 0 && !known.has(name))
        throw new CloudError(
            `${said === undefined ? "region_name" : "OS_REGION_NAME"} must be a region of the cloud (${names.join(", ")}), got '${name}'`,
        );
    const region = name ?? names[0];
    const values = known.get(region ?? "") ?? {};
    return {
        ...settings,
        ...values,
        auth: { ...asSettings(settings.auth), ...asSettings(values.auth) },
        region_name: region,
    };
}

/** The settings of OS_CLOUD in clouds.yaml and secure.yaml, else of the OS_* variables; in one region. */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
    const named = env.OS_CLOUD;
    return inRegion(
        named === undefined || named === "" ? fromEnvironment(env) : fromFiles(named, env),
        env,
    );
}
