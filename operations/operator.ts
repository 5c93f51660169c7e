import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";

import { operationId } from "../core/operation";

/** An id that nobody else has, see {@link operationId}. */
export const newOperationId = (verb: string, backend: string): string =>
    operationId(new Date(), verb, backend, randomBytes(2).toString("hex"));

/** The login's name, or `uid-1234`: a container may run as a user that its /etc/passwd does not have. */
function loginName(): string {
    try {
        return userInfo().username;
    } catch {
        return `uid-${String(process.geteuid?.())}`;
    }
}

/** `user@machine` */
export const whoAmI = (): string => `${loginName()}@${hostname()}`;
