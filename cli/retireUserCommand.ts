import type { Command } from "commander";

import { isSound, summarize } from "../core/finding";
import { neededAs } from "../core/formerUser";
import { Cinder } from "../operations/cinder";
import { findCloud } from "../operations/cloud";
import { retireUser } from "../operations/retireUser";
import { completing } from "./completing";
import { ExitCode, type Done } from "./exitCode";
import { Output } from "./output";
import { CREDENTIALS, readTopology, UsageError, withSource, type Source } from "./topologyFile";

interface RetireUserFlags extends Source {
    yes?: boolean;
    json?: boolean;
}

const HELP = `
The last step of a key rotation: the topology names the new user, \`pulumi up\` has put it on all hosts, and no
attachment names the old one. Without --yes it only looks. Needs an admin's credentials.
`;

async function runRetireUser(user: string, flags: RetireUserFlags): Promise<ExitCode> {
    const { json = false, yes = false } = flags;
    const topology = readTopology(flags);
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(user) || user.startsWith("client."))
        throw new UsageError(`USER must be a Ceph user without 'client.', got '${user}'`);
    const needed = neededAs(topology, user);
    if (needed !== undefined)
        throw new UsageError(
            `USER must be one that the topology needs no more, got '${user}': it is ${needed}`,
        );
    const cinder = new Cinder(findCloud(process.env));
    const out = new Output(json, completing(flags));
    let free: boolean;
    try {
        free = await retireUser({
            topology,
            cinder,
            user,
            remove: yes,
            doing: out.doing,
            found: out.found,
        });
    } finally {
        out.clear();
        await cinder.close();
    }
    const { findings } = out;
    const sound = isSound(findings);
    const removed = sound && yes;
    if (json) console.log(JSON.stringify({ verb: "retire-user", ok: sound, removed, findings }));
    else {
        if (sound && !yes) console.log("nothing was removed: --yes removes it on both sites");
        console.log(`retire-user: ${summarize(findings)}`);
    }
    if (sound) return ExitCode.Ok;
    return free ? ExitCode.Partial : ExitCode.Problem;
}

export const retireUserCommand = (root: Command, done: Done): Command =>
    withSource(
        root
            .command("retire-user")
            .argument("<user>", "Ceph user without 'client.' that the topology names no more")
            .description("remove a former Ceph user from both sites, if nobody uses it any more"),
    )
        .option("--yes", "remove it; otherwise only look")
        .option("--json", "one JSON object on stdout instead of lines")
        .addHelpText("after", HELP + CREDENTIALS)
        .action(async (user: string, flags: RetireUserFlags) => {
            done(await runRetireUser(user, flags));
        });
