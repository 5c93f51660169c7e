import { z } from "zod";

import { shown } from "../problem";
import { matching } from "./text";

/** Hosts of services that have a backend's section and are not of it. */
export const otherHostsInput = z
    .array(
        matching(
            /^[A-Za-z0-9][A-Za-z0-9_.:-]*$/,
            "a service's host without '@' and what follows: letters, digits, '_', '.', ':' and '-'",
        ),
        { error: (issue) => `must be a list of services' hosts, got ${shown(issue.input)}` },
    )
    .max(1000, { error: () => "must be at most 1000 hosts" });
