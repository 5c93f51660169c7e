import { blocker, type Blocker } from "./blocker";
import { otherBlockers, removeByHand, strangerBlocker } from "./otherHosts";
import { activeSide, activeSideOf } from "./service";
import { targetOf, type Move, type Survey } from "./survey";

const WRITE_ROWS =
    "--write-rows stops it, promotes its images, and writes its service and volume rows through the host's own Cinder; they are saved first";

/** What Cinder's own rows of the backend say against a move. */
export function serviceBlockers(survey: Survey, move: Move): Blocker[] {
    const { rows, backend, names } = survey;
    const target = targetOf(move);
    if (rows.length === 0)
        return [
            blocker(
                `backend ${backend.section}`,
                "Cinder has no cinder-volume service for it",
                "check the section's name, and that the hosts were ever started",
            ),
        ];
    const found = otherBlockers(survey);
    const active = activeSideOf(rows, backend);
    if (active === target)
        found.push({
            ...blocker(
                `backend ${backend.section}`,
                `is on ${names[target]} already: Cinder would demote and promote every image again`,
                move === "forced"
                    ? "nothing to do, unless a move was cut off: with the old site dead, or `--fenced '<how>'`, `failover --forced` proves the writes and gives the hosts back"
                    : "nothing to do",
            ),
            isSo: true,
        });
    for (const row of rows) {
        const status = row.replication_status ?? "";
        const stranger = strangerBlocker(row, survey);
        if (stranger !== undefined) found.push(stranger);
        else if (status === "failing-over")
            found.push(
                blocker(
                    row.host,
                    "is failing over now, and not by this operation",
                    move === "forced" && row.state !== "up"
                        ? "its cinder-volume is down and will carry it out later: --write-rows takes over"
                        : "wait for its end; `cinder-dr status` shows it",
                    move === "forced" && row.state !== "up" ? "write-rows" : undefined,
                ),
            );
        else if (move === "forced" && row.state !== "up" && activeSide(row, backend) !== target)
            found.push(
                blocker(
                    row.host,
                    "its cinder-volume is down, and Cinder refuses to fail it over",
                    `${WRITE_ROWS}${removeByHand(row, survey)}`,
                    "write-rows",
                ),
            );
        else if (move !== "forced" && row.state !== "up")
            found.push(
                blocker(
                    row.host,
                    "its cinder-volume is down",
                    `start it; see its log on the host${removeByHand(row, survey)}`,
                ),
            );
        else if (move !== "forced" && status !== "enabled" && status !== "failed-over")
            found.push(
                blocker(
                    row.host,
                    `its replication status is '${status}', must be enabled or failed-over`,
                    status === "failover-error" || status === "error"
                        ? "restart cinder-volume on it: that sets the status anew"
                        : "the host must have the backend's replication_device: `pulumi up`",
                ),
            );
    }
    return found;
}

/** Cinder's default, by which operations/cinder.ts names a volume's image. */
const NAME_TEMPLATE = "volume-%s";

/** Hosts that cannot follow: not asked, or without a way to the target; and those whose images nobody finds. */
export function hostBlockers({ hosts, names }: Survey, move: Move): Blocker[] {
    const target = targetOf(move);
    return hosts.flatMap((host) => {
        if (host.unseen !== undefined)
            return [
                blocker(
                    host.name,
                    `cannot be asked: ${host.unseen}`,
                    `it must reach ${names[target]}; make SSH to it work`,
                    move === "forced" ? "unseen-hosts" : undefined,
                ),
            ];
        const { template = NAME_TEMPLATE } = host;
        // All volumes would have no image: a forced move would put every one into error.
        if (template !== NAME_TEMPLATE)
            return [
                blocker(
                    host.name,
                    `its volume_name_template is '${template}', must be '${NAME_TEMPLATE}'`,
                    "images are found by Cinder's default names alone: move this backend by hand, with `cinder failover-host`",
                ),
            ];
        const trouble = host.reach[target];
        if (trouble === undefined) return [];
        return [
            blocker(
                host.name,
                `does not reach ${names[target]} as Cinder's user: ${trouble}`,
                "its conf, keyring and user must be those of the replication_device; `pulumi up` checks them",
            ),
        ];
    });
}
