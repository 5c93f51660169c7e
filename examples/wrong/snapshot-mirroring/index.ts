import { remote } from "@pulumi/command";

const connection = {
    host: "cinder-a.example.org",
    user: "deploy",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
};

new remote.Command("mirroring", {
    connection,
    create: [
        "rbd mirror pool enable volumes pool",
        "rbd mirror pool peer bootstrap import --direction rx-only volumes /run/token",
        "rbd mirror snapshot schedule add --pool volumes 5m",
    ].join("\n"),
});
