/** Exit codes of every verb. */
export enum ExitCode {
    Ok = 0,
    /** Something could not be done or seen. */
    Failed = 1,
    /** The command line or the topology is wrong; nothing was connected to. */
    Usage = 2,
    /** A problem was found, or the verb refused; nothing was changed. */
    Problem = 3,
    /** Done in part. */
    Partial = 4,
}

/** How a verb's action hands its exit code to the command line. */
export type Done = (code: ExitCode) => void;
