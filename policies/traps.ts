/** A known trap of Cinder's RBD replication, or an auditor's check. */
export interface Known {
    number: number;
    title: string;
    /** What handles it where inputs cannot decide, or decide only a part. */
    elsewhere?: string;
}

const PREFLIGHT = "preflight";
const OPERATION = "operations";
const PUSH = "the push";
const DRIFT = "drift";
const REVIEW = "review";
const VERIFY = "`cinder-dr verify`";
const RUNBOOK = "the runbook";

const list = (entries: readonly (readonly [title: string, elsewhere?: string])[]): Known[] =>
    entries.map(([title, elsewhere], i) => ({
        number: i + 1,
        title,
        ...(elsewhere === undefined ? {} : { elsewhere }),
    }));

export const TRAPS: readonly Known[] = list([
    ["The first demote that fails makes Cinder force-promote all later volumes", PREFLIGHT],
    ["A typo in backend_id sets all volumes without replication to error", OPERATION],
    ["Volumes without a replication status count as replicated", PREFLIGHT],
    ["Types without replication on the replicated backend", PREFLIGHT],
    ["Spelling of replication_enabled", VERIFY],
    ["Multiattach excludes replication"],
    ["Blank encrypted volumes are not mirrored", PREFLIGHT],
    ["rbd_max_clone_depth = 0 makes clones that are not mirrored"],
    ["Specs of a type in use cannot change", REVIEW],
    ["Retype before Victoria breaks replication"],
    ["A replicated volume cannot migrate to another backend", RUNBOOK],
    ["Replication cannot be switched off without its driver data", RUNBOOK],
    ["Types that ask for replication_type or replication_count"],
    ["Clones of an image in an unmirrored pool fail", VERIFY],
    ["Reserved, doubled, empty or unsafe backend_id"],
    ["Characters, keys and counts that oslo.config or the driver read otherwise"],
    ["Libvirt secrets that fall back to the other cluster's", PREFLIGHT],
    ["A user or secret of the target before Train"],
    ["rbd_user that is not set"],
    ["The pool has another name, or is missing, on the secondary", PREFLIGHT],
    ["Keyring or conf missing, or not named for the backend_id", PUSH],
    ["replication_device outside its section; values of several files add up", PUSH],
    ["Hosts of one backend that differ, or share a name", DRIFT],
    ["Active-active: failback is broken", OPERATION],
    ["A renamed section, host or cluster orphans its volumes", REVIEW],
    ["The active device changed or removed while failed over", PUSH],
    ["Restart with the primary dead and not yet failed over", PUSH],
    ["Restart while failing over resets the status", PUSH],
    ["Reload instead of restart"],
    ["A repeated failover demotes live images", OPERATION],
    ["Unreachable secondary: hours, then every volume in error", PUSH],
    ["Mirroring lags at a planned failover", PREFLIGHT],
    ["A dead primary blocks connects for minutes"],
    ["failed-over although volumes failed", OPERATION],
    ["Failback without resync after an unclean failover", OPERATION],
    ["Status stays error after recovery", OPERATION],
    ["A disabled service after a failover refuses snapshots and creates", OPERATION],
    ["Servers keep the old connection; live migration after a failover", RUNBOOK],
    ["Libvirt secrets missing on compute nodes", PREFLIGHT],
    ["Cinder 28: the failover URL is gone, enable and disable do nothing", OPERATION],
    ["Mirroring in one direction only", PREFLIGHT],
    ["Cinder's own services stand on the lost site", PREFLIGHT],
    ["Snapshot mirroring is expected", VERIFY],
]);

export const CHECKS: readonly Known[] = list([
    ["Host keys are pinned, none of them RSA or DSA"],
    ["No login as root"],
    ["No login by password"],
    ["No plain secret in commands, environment or arguments"],
    ["Connection and stdin are secret"],
    ["cinder.conf is 0640 at most and belongs to root and cinder", PUSH],
    ["Keyrings are 0640 at most, and none is client.admin's", PUSH],
    ["Caps of the replication user are profiles, for its pool only", PREFLIGHT],
    ["At least one replication device, with a unique backend_id that is not default"],
    ["The secondary is another cluster on another site", PREFLIGHT],
    ["Pools are equal, mirrored in image mode, both ways", PREFLIGHT],
    ["A replicated type is spelled right and has the right backend"],
    ["Types without replication on a replicated backend are flagged"],
    ["cinder-volume stands not only on the protected site"],
    ["All hosts of a backend have the same replication config", DRIFT],
    ["Keystone, Glance and Nova over checked TLS"],
    ["No rbd_keyring_conf"],
    ["Replicated types and backends are protected", PUSH],
    ["Failover and failback with reason and approval; exemptions likewise", OPERATION],
    ["Failback needs a fresh proof of resync", OPERATION],
    ["An alarm on lag, and a drill within 90 days", "drill reports"],
    ["Timeouts within the promised time"],
    ["Rollout with canary, health gate and rollback", PUSH],
    ["Exact versions of providers; the command provider is an allowed one"],
    ["The state's backend is encrypted", "the stack's secrets provider: no pack sees the backend"],
    ["Encrypted volumes have their key on both sites"],
    ["Service tokens are on"],
    ["No wildcard in sudo"],
    ["No deprecated mirror settings, journaling with exclusive-lock, no multiattach"],
    ["A record of who changed what", "the push's result file and the stack's history"],
]);
