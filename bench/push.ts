/**
 * One changed cinder.conf and a restart stand-in on light SSH hosts: cinder-dr beside Ansible, in one run.
 * Needs the lab with its light hosts (`npm run lab -- up --load 20`) and Debian's ansible-core.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { interleave, report, timed } from "./clock";
import {
    BenchStack,
    checkRestarts,
    conf,
    env,
    folder,
    LAB,
    prepare,
    scratch,
    targets,
} from "./lightHosts";

const HOSTS = Number(process.argv[2] ?? 20);
const ROUNDS = Number(process.argv[3] ?? 5);

const hosts = targets(HOSTS);
const stack = new BenchStack("bench", hosts);
const up = (file: string): number => {
    const { command, args } = stack.up(file);
    return timed(command, args, { env });
};

/** What a round writes is never what the round before wrote. */
const filesOf = (timeout: number) => {
    const text = join(scratch, `${String(timeout)}.conf`);
    writeFileSync(text, conf(timeout));
    return {
        waves: stack.file(timeout),
        atOnce: stack.file(timeout + 2, { canary: 0, batch: "all" }),
        text,
    };
};
const [even, odd] = [filesOf(6), filesOf(7)];
const files = (round: number) => (round % 2 === 0 ? even : odd);

const inventory = join(scratch, "inventory");
writeFileSync(
    inventory,
    hosts.map(({ on }) => `${on} ansible_python_interpreter=/usr/bin/python3`).join("\n") +
        `\n[all:vars]\nansible_ssh_common_args=-F ${join(LAB, "ssh/config")} -o ControlMaster=no -o ControlPath=none\n`,
);
const ansible = (text: string): number => {
    const words = ["-i", inventory, "-f", String(HOSTS), "-e", `conf=${text}`];
    return timed("ansible-playbook", [...words, join(folder, "restart.yml")], { env });
};

prepare(hosts);
console.error(
    `first push, ${String(HOSTS)} hosts: ${up(files(1).waves).toFixed(2)} s, with the default rollout`,
);
checkRestarts(hosts, 1);

const of = `${String(HOSTS)} hosts`;
const times = interleave(ROUNDS, {
    "nothing changed": (round) => up(files(round + 1).waves),
    [`canary 0, batch all, ${of}`]: (round) => up(files(round).atOnce),
    [`default rollout, ${of}`]: (round) => up(files(round).waves),
    [`ansible-playbook, ${of}`]: (round) => ansible(files(round + 1).text),
});
checkRestarts(hosts, 1 + 3 * ROUNDS);
report(times);
