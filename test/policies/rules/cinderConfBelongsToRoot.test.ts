import { cinderConfBelongsToRoot } from "../../../policies/rules/cinderConfBelongsToRoot";
import { command } from "../fixtures";
import { testRule } from "../support";

const said =
    "'run' gives a file of /etc/cinder to another owner than root:cinder; use one of these";

testRule(cinderConfBelongsToRoot, {
    passes: {
        "root and the group": command("chown root:cinder /etc/cinder/cinder.conf"),
        "another file": command("chown x:y /srv/x"),
        "another program": command("ls x:y /etc/cinder/cinder.conf"),
        "a folder of that beginning": command("chown x /etc/cinder-old"),
    },
    fails: {
        "the service itself": [command("chown -R cinder:cinder /etc/cinder"), said],
        "a file": [command("sudo chown cinder /etc/cinder/cinder.conf"), said],
    },
    unknown: ["create"],
    settings: {
        "passes kolla's owner": [
            { owners: ["cinder:cinder"] },
            command("chown cinder:cinder /etc/cinder/cinder.conf"),
        ],
        "lists its owners": [
            { owners: ["a:b", "c:d"] },
            command("chown x /etc/cinder"),
            said.replace("root:cinder", "a:b or c:d"),
        ],
    },
});
