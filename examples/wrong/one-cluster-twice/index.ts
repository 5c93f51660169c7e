import { remote } from "@pulumi/command";

const connection = {
    host: "cinder-a.example.org",
    user: "deploy",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
};

const conf = (path: string) =>
    `cat > ${path} <<'EOF'\n[global]\nfsid = 6fa1a84c-5a3f-4d34-8ad7-3fdb0a1f2f51\nmon_host = 192.0.2.10:6789\nEOF`;

new remote.Command("primary", { connection, create: conf("/etc/ceph/ceph.conf") });
new remote.Command("secondary", { connection, create: conf("/etc/ceph/secondary.conf") });
