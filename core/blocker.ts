/** Something in the way, with its cure. */
export interface Blocker {
    subject: string;
    fact: string;
    next: string;
    /** Name of the flag's consent that lets it pass; undefined where nothing does. */
    consent?: string;
    /** The move itself does away with it, after the freeze: no reason not to begin. */
    settles?: true;
    /** The other site is only behind, or has not confirmed yet: who stops the writers has but to wait. */
    isLate?: true;
    /** What the move is for is so already, by whoever: there is nothing to go on with. */
    isSo?: true;
}

export const blocker = (
    subject: string,
    fact: string,
    next: string,
    consent?: string,
): Blocker => ({
    subject,
    fact,
    next,
    ...(consent === undefined ? {} : { consent }),
});
