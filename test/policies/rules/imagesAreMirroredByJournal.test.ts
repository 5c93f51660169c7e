import { imagesAreMirroredByJournal } from "../../../policies/rules/imagesAreMirroredByJournal";
import { backend, command, volumeType } from "../fixtures";
import { testRule } from "../support";

testRule(imagesAreMirroredByJournal, {
    passes: {
        "no mode": backend(),
        journal: backend({ imageMode: "journal" }),
        "journal by command": command("rbd mirror image enable volumes/a journal"),
        "another resource's mode": { ...volumeType(), props: { imageMode: "snapshot" } },
        "a list of images": command("rbd mirror image status volumes/snapshot"),
    },
    fails: {
        "another mode": [
            backend({ imageMode: "snapshot" }),
            "'ceph' has the image mode 'snapshot', which Cinder does not know; leave it out or write journal",
        ],
        "snapshot by command": [
            command("sudo rbd --cluster b mirror image enable volumes/a snapshot"),
            "'run' enables snapshot mirroring of an image; Cinder mirrors by journal",
        ],
        "a schedule": [
            command("rbd mirror snapshot schedule add --pool volumes 5m"),
            "'run' schedules mirror snapshots, which do nothing for Cinder's images; leave the schedule out",
        ],
    },
    unknown: ["imageMode"],
});
