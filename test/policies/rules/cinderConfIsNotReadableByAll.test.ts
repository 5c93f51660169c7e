import { cinderConfIsNotReadableByAll } from "../../../policies/rules/cinderConfIsNotReadableByAll";
import { command } from "../fixtures";
import { testRule } from "../support";

const said =
    "'run' makes cinder.conf or a keyring readable by all; use mode 0640 and the group cinder";

testRule(cinderConfIsNotReadableByAll, {
    passes: {
        "0640": command("install -o root -g cinder -m 0640 new /etc/cinder/cinder.conf"),
        "a symbolic mode for the group": command("chmod g+r,o-rwx /etc/cinder/cinder.conf"),
        "files of that beginning": command(
            "chmod 0644 /etc/cinder/x.conf.example /etc/ceph/a.keyring.md",
        ),
        "another file": command("chmod 0644 /etc/motd"),
        "a file name that holds digits": command("cp cinder.644 /etc/cinder/cinder.conf"),
        "0640 attached": command("install -Dm0640 new /etc/cinder/cinder.conf"),
        "a mode of another statement": command(
            "chmod 0640 /etc/cinder/cinder.conf; chmod 0644 /etc/motd",
        ),
        "symbols that give nothing to others": command(
            "chmod u=rwx,g=rx,o= /etc/cinder/cinder.conf",
        ),
        "an option that ends in m and takes a digit": command(
            "cp --x-m 7 /etc/cinder/cinder.conf /root",
        ),
        "a mode behind another option": command("install -b 0644 new /etc/cinder/cinder.conf"),
    },
    fails: {
        "0644": [command("chmod 0644 /etc/cinder/cinder.conf"), said],
        "o+r": [command("chmod o+r /etc/cinder/cinder.conf"), said],
        "a+r": [command("/bin/chmod a+r /etc/ceph/ceph.client.cinder.keyring"), said],
        "+r": [command("chmod +r /etc/ceph/ceph.client.cinder.keyring"), said],
        "ugo=rw": [command("chmod ugo=rw /etc/cinder/cinder.conf"), said],
        install: [command("install -m 644 new /etc/cinder/cinder.conf"), said],
        "symbols, others last": [command("chmod u=rw,g=r,o=r /etc/cinder/cinder.conf"), said],
        execution: [command("chmod o=wx /etc/cinder/cinder.conf"), said],
        "behind an option": [command("sudo chmod -v 644 /etc/cinder/cinder.conf"), said],
        "install with flags in one": [command("install -Dm644 x /etc/cinder/cinder.conf"), said],
        "install with the mode apart": [command("install -Dm 644 x /etc/cinder/cinder.conf"), said],
        "install with the mode attached": [
            command("install -m644 x /etc/cinder/cinder.conf"),
            said,
        ],
        "install with --mode apart": [
            command("install --mode 0644 x /etc/cinder/cinder.conf"),
            said,
        ],
        "install with symbols": [command("install -m u=rw,go=r x /etc/cinder/cinder.conf"), said],
        "install in long form": [command("install --mode=0664 new /etc/cinder/policy.conf"), said],
    },
    unknown: ["create"],
});
