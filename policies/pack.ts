import { Config } from "@pulumi/pulumi";
import { PolicyPack } from "@pulumi/policy";

import { dayOf, entriesOf } from "./exemption";
import { rules } from "./index";
import { policiesOf } from "./policy";

/** JSON that the CLI hands over as text, or text that is none and is refused as an entry. */
function parsed(text: string | undefined): unknown {
    if (text === undefined) return undefined;
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}

const exemptions = entriesOf(parsed(new Config("cinder-dr").get("exemptions")));

new PolicyPack("cinder-dr", { policies: policiesOf(rules, exemptions, dayOf(new Date())) });
