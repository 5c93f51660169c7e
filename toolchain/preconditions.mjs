import { existsSync, readFileSync } from "node:fs";
import { compareVersions, versions } from "./versions.mjs";

/** What decides whether this machine can carry the lab. */
export function inspectMachine() {
    const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
    return {
        platform: process.platform,
        debian: /^ID=debian$/m.test(release)
            ? /^VERSION_ID="?(\d+)/m.exec(release)?.[1]
            : undefined,
        root: process.getuid?.() === 0,
        apt: existsSync("/usr/bin/apt-get"),
        node: process.versions.node,
    };
}

/** Why the lab cannot run on such a machine; empty when it can. */
export function labObstacles(machine) {
    const obstacles = [];
    if (machine.debian !== "12") {
        const is = machine.debian ? `Debian ${machine.debian}` : machine.platform;
        obstacles.push(
            `the lab's machine must be Debian 12, got '${is}': its Ceph and OpenStack come from there`,
        );
    } else if (!machine.apt) {
        obstacles.push("apt-get must be there: the lab installs Ceph and OpenStack with it");
    }
    if (!machine.root) {
        obstacles.push(
            "the lab must be started as root: it installs packages and makes hosts of its own",
        );
    }
    return obstacles;
}

export function nodeObstacle(version) {
    if (compareVersions(version, versions.node.floor) >= 0) return undefined;
    return `Node must be ${versions.node.floor} or newer, got '${version}'`;
}

/** What can be done without the lab. */
export const WITHOUT_LAB = `What works here without the lab:
  npm ci --ignore-scripts                     the npm packages
  npm run test:unit                           every test that needs no lab
  npm run toolchain -- ensure                 the Pulumi CLI and its plugins
  npx pulumi preview                          for a stack of your own: see examples/two-site/`;
