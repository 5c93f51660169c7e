import { shown } from "../problem";
import { matching } from "./text";

/** Sections of cinder.conf that are no backend: writing a driver's options there would change the service itself. */
const RESERVED_SECTIONS =
    /^(?:default|backend|backend_defaults|barbican\w*|brcd_.*|cisco_.*|coordination|cors|database|fc-zone-manager|healthcheck|image_volume_.*|key_manager|keystone_authtoken|nova|os_brick|oslo_.*|oslo_messaging_.*|privsep.*|profiler|sample_.*|service_user|ssl|vault)$/i;

export const section = matching(
    /^[A-Za-z0-9][A-Za-z0-9_.-]*$/,
    "a cinder.conf section of letters, digits, '_', '.' and '-'",
).refine((name) => !RESERVED_SECTIONS.test(name), {
    error: (issue) =>
        `must be a backend's section, got ${shown(issue.input)}, which cinder.conf uses otherwise`,
});
