/** What is known of a host, or of what was asked there, though a command on it failed. */
interface Sign {
    /** It was cut off by its limit of time: no word, either way. */
    isLate?: boolean;
    /** Id of the Ceph cluster that had answered by then. */
    lives?: string;
}

/** A host could not be reached, or a command on it did not do what it should. */
export class RemoteError extends Error {
    readonly sign: Sign;

    constructor(
        readonly host: string,
        message: string,
        { isLate, lives, ...options }: ErrorOptions & Sign = {},
    ) {
        super(`${host}: ${message}`, options);
        this.name = "RemoteError";
        this.sign = {
            ...(isLate === undefined ? {} : { isLate }),
            ...(lives === undefined ? {} : { lives }),
        };
    }
}
