/** A volume type as Cinder's API gives it, which may differ from what a topology declares. */
export interface VolumeType {
    id: string;
    name: string;
    extra_specs?: Record<string, string>;
    is_public?: boolean;
    description?: string | null;
}

export interface Volume {
    id: string;
    name: string;
    status: string;
    replication_status: string | null;
    created_at: string;
    "os-vol-host-attr:host"?: string | null;
    volume_type?: string | null;
    bootable?: string;
    size?: number;
    attachments?: { server_id: string; attachment_id?: string; device?: string }[];
    "os-vol-tenant-attr:tenant_id"?: string;
    /** Set after a migration: the image is called after it and not after `id`. */
    "os-vol-mig-status-attr:name_id"?: string | null;
}

/** Name of a volume's image, by Cinder's default `volume_name_template`. */
export const imageOf = (volume: Volume): string => {
    const migrated = volume["os-vol-mig-status-attr:name_id"];
    return `volume-${migrated === undefined || migrated === null || migrated === "" ? volume.id : migrated}`;
};

/** `host@section#pool` of a volume; empty for anyone but an admin. */
export const hostOf = (volume: Volume): string => volume["os-vol-host-attr:host"] ?? "";

export interface Snapshot {
    id: string;
    name: string;
    status: string;
    volume_id: string;
}
