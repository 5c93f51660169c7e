import { findCloud } from "../../operations/cloud";
import { OpenStackApi } from "../../operations/openstack";
import { labEnvironment } from "./support";

/** Cinder's API of the lab, for calls that only a test makes. Attachments came with 3.27. */
export const blockStorage = (): OpenStackApi =>
    new OpenStackApi(findCloud(labEnvironment()), {
        name: "Cinder",
        types: ["volumev3", "block-storage"],
        apiVersion: "volume 3.27",
    });
