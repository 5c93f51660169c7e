import { twoSitesAreTwoClusters } from "../../../policies/rules/twoSitesAreTwoClusters";
import { command, connection, recovery } from "../fixtures";
import { testRule } from "../support";

const conf = (name: string, text: string, host = "10.0.0.1") =>
    command(
        `cat > /etc/ceph/${name}.conf <<EOF\n[global]\n${text}\nEOF`,
        { connection: connection({ host }) },
        name,
    );

testRule(twoSitesAreTwoClusters, {
    passes: {
        "two names": recovery(),
        "two maps": recovery({
            sites: { primary: { name: "a", fsid: "1" }, secondary: { name: "b", fsid: "2" } },
        }),
        "names alone on one side": recovery({
            sites: { primary: { name: "a", fsid: "1" }, secondary: "b" },
        }),
        "nothing said": recovery({ sites: {} }),
        "two confs of two clusters": [
            conf("ceph", "fsid = 1\nmon_host = 10.0.0.1:6789"),
            conf("secondary", "fsid = 2\nmon_host = [v2:10.0.1.1:3300]"),
        ],
        "one conf on two hosts": [conf("ceph", "fsid = 1"), conf("ceph", "fsid = 1")],
        "two hosts that protect each other": [
            conf("ceph", "fsid = 1"),
            conf("secondary", "fsid = 1", "10.0.0.2"),
        ],
        "two confs of one script and two clusters": command(
            "cat > /etc/ceph/ceph.conf <<E\n[global]\nfsid = 1\nE\ncat > /etc/ceph/b.conf <<E\n[global]\nfsid = 2\nE\n",
        ),
        "a conf without a path": [
            conf("ceph", "fsid = 1"),
            command("cat > x <<E\n[global]\nfsid = 1\nE"),
        ],
        "an fsid of another section": [
            conf("ceph", "fsid = 1"),
            command("cat > /etc/ceph/b.conf <<E\n[client]\nfsid = 1\nE"),
        ],
    },
    fails: {
        "one name": [
            recovery({ sites: { primary: "Paris", secondary: "paris" } }),
            "'cinder-dr' has two sites with the name 'Paris'; name two clusters",
        ],
        "one fsid": [
            recovery({
                sites: { primary: { name: "a", fsid: "1" }, secondary: { name: "b", fsid: "1" } },
            }),
            "'cinder-dr' has two sites with the fsid '1'; name two clusters",
        ],
        "two confs with one fsid": [
            [conf("ceph", "fsid = 1"), conf("secondary", "fsid = 1")],
            "'secondary' writes '/etc/ceph/secondary.conf' with the fsid of '/etc/ceph/ceph.conf'; give each site's conf its own cluster",
        ],
        "two confs of one script": [
            command(
                "cat > /etc/ceph/ceph.conf <<E\n[global]\nfsid = 1\nE\ncat > /etc/ceph/b.conf <<E\n[global]\nfsid = 1\nE\n",
            ),
            "'run' writes '/etc/ceph/b.conf' with the fsid of '/etc/ceph/ceph.conf'; give each site's conf its own cluster",
        ],
        "a conf whose text comes first": [
            [
                conf("ceph", "fsid = 1"),
                command("tee /etc/ceph/b.conf", { stdin: "[global]\nfsid = 1\n" }),
            ],
            "'run' writes '/etc/ceph/b.conf' with the fsid of '/etc/ceph/ceph.conf'; give each site's conf its own cluster",
        ],
        "two confs with one monitor": [
            [
                conf("ceph", "mon host = 10.0.0.1,10.0.0.2"),
                conf("secondary", "mon_host = 10.0.0.2"),
            ],
            "'secondary' writes '/etc/ceph/secondary.conf' with the mon_host of '/etc/ceph/ceph.conf'; give each site's conf its own cluster",
        ],
    },
    unknown: ["sites"],
});
