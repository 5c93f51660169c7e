import { BY_UP, type DriftItem, type itemsOf } from "./item";

/** One file as it stands on a host; its content stays there. */
export interface FileSeen {
    path: string;
    there: boolean;
    /** Why it cannot be looked at. */
    why?: string;
    /** Four octal digits. */
    mode?: string;
    /** `user:group` */
    owner?: string;
    /** Whether the service's user may read it. */
    readable?: boolean;
}

/** Ceph as one host reaches it for one side of one backend. */
export interface ClientSeen {
    section: string;
    side: "primary" | "target";
    /** The conf, then the keyring; empty for a container, whose files are its own. */
    files: FileSeen[];
    /** `fsid` in the conf; null when the conf names none. */
    fsid: string | null;
    /** SHA-256 of the key in the keyring; compared, never shown. */
    keySha256: string | null;
    /** Why `rbd ls` fails as the service's user; null when it works. */
    unreachable: string | null;
}

type Maker = ReturnType<typeof itemsOf>;

/** @param keyringMode the mode that the topology asks for, when the file is a keyring that it keeps */
function fileFault(
    { there, why, readable, mode = "" }: FileSeen,
    secret: boolean,
    user: string,
    keyringMode: string | undefined,
) {
    if (!there) return why ?? "missing";
    if (secret && keyringMode !== undefined && mode !== keyringMode) return "another mode";
    if (readable !== true) return `not readable for ${user}`;
    // The last digit: what everybody else on the host may do.
    if (secret && !mode.endsWith("0")) return "open to every user of the host";
    return undefined;
}

const wantedStanding = (secret: boolean, user: string, keyringMode?: string): string => {
    if (!secret) return `readable for ${user}`;
    return `${keyringMode === undefined ? "" : `${keyringMode}, `}readable for ${user}, closed to others`;
};

/** A client's files on a host: there, readable, closed to others, and of the right cluster. */
export function* clientItems(
    make: Maker,
    client: ClientSeen,
    { fsid, user, keyringMode }: { fsid?: string; user: string; keyringMode?: string },
): Generator<DriftItem> {
    const next =
        keyringMode !== undefined
            ? BY_UP
            : "put it right by hand: this topology does not keep client files";
    for (const [i, file] of client.files.entries()) {
        const fault = fileFault(file, i === 1, user, keyringMode);
        const stands = file.there ? `${file.mode ?? ""} ${file.owner ?? ""}` : "missing";
        if (fault === undefined) yield make.ok(file.path, stands);
        else
            yield make.drifted(
                file.path,
                file.there ? `${stands}: ${fault}` : fault,
                wantedStanding(i === 1, user, keyringMode),
                next,
            );
    }
    const conf = client.files[0];
    if (conf?.there === true && fsid !== undefined && client.fsid !== null && client.fsid !== fsid)
        yield make.drifted(`${conf.path} fsid`, `'${client.fsid}'`, `'${fsid}'`, next);
}

/** Whether Ceph can be reached by the very names that Cinder uses. */
export function reachItem(
    make: Maker,
    { section, side, unreachable }: ClientSeen,
    cluster: string,
) {
    const subject = `[${section}] ${side} '${cluster}'`;
    return unreachable === null
        ? make.ok(subject, "`rbd ls` works as Cinder will run it")
        : make.drifted(
              subject,
              `cannot be reached: ${unreachable}`,
              "`rbd ls` works as Cinder will run it",
              "look at the cluster, and at this host's files for it",
          );
}
