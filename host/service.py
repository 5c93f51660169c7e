# Runs on a Cinder host as the service's user with the service's own Python, as `python3 -I -` with its request in front
# (REQUEST), and answers one JSON line. What it reads and writes goes through Cinder's own configuration and objects.
import concurrent.futures
import json
import os
import re
import subprocess
import sys

# Libraries print warnings to stdout: the answer has a channel of its own.
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
os.chdir("/")


def said(error):
    """In one line, and without the password of a connection that a library repeats."""
    return re.sub(r"://\S*@", "://***@", ("%s: %s" % (type(error).__name__, error)).split("\n")[0])


# ---- what the running service reads; apply.py finds it the same way, since both must mean the same files ----
def processes():
    """(children by parent, words, start) of all processes, by their ids."""
    children, words, start = {}, {}, {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % entry, "rb") as stat, open("/proc/%s/cmdline" % entry, "rb") as line:
                fields = stat.read().rpartition(b")")[2].split()
                words[int(entry)] = [word.decode("utf-8", "replace") for word in line.read().split(b"\0")[:-1]]
        except OSError:
            continue
        start[int(entry)] = int(fields[19])
        children.setdefault(int(fields[1]), []).append(int(entry))
    return children, words, start


def is_volume(words):
    return any(os.path.basename(word) == "cinder-volume" for word in words[:3])


def same_root(pid):
    """Not a process of another container: that one reads files of its own."""
    try:
        return all(os.readlink("/proc/%d/ns/%s" % (pid, kind)) == os.readlink("/proc/self/ns/%s" % kind)
                   for kind in ("pid", "mnt"))
    except OSError:
        return False


def main_process(unit):
    """The unit's main process; 0 where it has none, or systemd does not say."""
    try:
        seen = subprocess.run(["systemctl", "show", "-p", "MainPID", unit], timeout=10, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(br"^MainPID=(\d+)\s*$", seen, re.M)
    return int(found.group(1)) if found else 0


def cinder_volume(unit):
    """(pid, words) of the unit's cinder-volume; without a unit, of the oldest one that is here."""
    children, words, start = processes()
    if unit:
        queue = [main_process(unit)]
    else:
        tops = [pid for pid in words if is_volume(words[pid]) and same_root(pid)]
        queue = sorted(tops, key=lambda pid: start[pid])[:1]
    queue = [pid for pid in queue if pid in words]
    for pid in queue:
        if is_volume(words[pid]):
            return pid, words[pid]
        queue.extend(children.get(pid, []))
    return None, []


def running_arguments(unit):
    """Each --config-file and --config-dir that the running cinder-volume was given, or None where none runs."""
    pid, words = cinder_volume(unit)
    if pid is None:
        return None
    try:
        folder = os.readlink("/proc/%d/cwd" % pid)
    except OSError:
        folder = "/"
    given = []
    for at, word in enumerate(words):
        name, equals, path = word.partition("=")
        if name in ("--config-file", "--config-dir") and (equals or at + 1 < len(words)):
            given += [name, os.path.join(folder, path if equals else words[at + 1])]
    return given


def read_as_service(conf, request):
    """By the service's own name: its default files and folders go by it."""
    conf(request["arguments"], project="cinder", prog="cinder-volume")


def configured(request):
    from oslo_config import cfg
    conf = cfg.ConfigOpts()
    read_as_service(conf, request)
    conf.register_opts([cfg.HostAddressOpt("host", default=__import__("socket").gethostname()), cfg.StrOpt("cluster"),
                        cfg.StrOpt("volume_name_template", default="volume-%s")])
    options = [cfg.StrOpt("backend_host"), cfg.StrOpt("rbd_secret_uuid"), cfg.MultiOpt(
        "replication_device", item_type=cfg.types.Dict(), secret=True)]
    conf.register_opts(options, group=request["section"])
    return conf


def who(request):
    """The service row that this host runs for the section, and whether both secrets are set."""
    conf = configured(request)
    own = conf[request["section"]]
    devices = own.replication_device or []
    return {"service": "%s@%s" % (own.backend_host or conf.host, request["section"]),
            "cluster": "%s@%s" % (conf.cluster, request["section"]) if conf.cluster else None,
            "template": conf.volume_name_template,
            "secrets": bool(own.rbd_secret_uuid) and bool(devices) and all(d.get("secret_uuid") for d in devices)}


def connected(request, at):
    """Why a side cannot be reached, or None."""
    import rados
    seconds = str(request["seconds"])
    options = {name: seconds for name in (
        "client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout")}
    try:
        cluster = rados.Rados(rados_id=at["user"], clustername=at["cluster"], conffile=at["conf"], conf=options)
        cluster.connect()
        cluster.open_ioctx(request["pool"]).stat("rbd_directory")
    except Exception as error:
        return said(error)


def reach(request):
    """Connects to each side as the driver does: same names, same user, same bindings. A dead one holds up no other."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = {side: pool.submit(connected, request, at) for side, at in request["sides"].items()}
        return {side: answer.result() for side, answer in asked.items()}


def look(request):
    try:
        answer = who(request)
    except Exception as error:
        answer = {"service": None, "error": said(error)}
    answer["arguments"] = request["running"]
    answer["reach"] = reach(request)
    return answer


# ---- rows of the database ---------------------------------------------------
def database(request):
    from oslo_config import cfg
    from cinder import context, objects
    import cinder.db  # noqa: F401 -- registers its options
    import cinder.common.config  # noqa: F401
    objects.register_all()
    read_as_service(cfg.CONF, request)
    return objects, context.get_admin_context()


SERVICE = ("disabled", "disabled_reason", "replication_status", "active_backend_id", "frozen")
VOLUME = ("status", "previous_status", "replication_status")


def record(row, fields):
    return {field: getattr(row, field) for field in fields}


def rows_of(objects, context, request):
    service = objects.Service.get_by_args(context, request["service"], "cinder-volume")
    if service.cluster_name:
        volumes = objects.VolumeList.get_all(context, filters={"cluster_name": service.cluster_name})
    else:
        volumes = objects.VolumeList.get_all_by_host(context, request["service"])
    return service, volumes


def save(request):
    objects, context = database(request)
    service, volumes = rows_of(objects, context, request)
    return {"service": record(service, SERVICE),
            "cluster": record(service.cluster, SERVICE[:-1] + ("frozen",)) if service.cluster_name else None,
            "volumes": {v.id: record(v, VOLUME) for v in volumes},
            "snapshots": {s.id: {"status": s.status} for v in volumes for s in v.snapshots}}


def put(row, values):
    changed = {field: value for field, value in values.items() if getattr(row, field) != value}
    for field, value in changed.items():
        setattr(row, field, value)
    if changed:
        row.save()
    return bool(changed)


def write(request):
    """Sets rows to given values: the ones a failover would have left, or the ones that were saved before."""
    objects, context = database(request)
    wanted = request["rows"]
    service, volumes = rows_of(objects, context, request)
    count = 0
    for volume in volumes:
        for snapshot in volume.snapshots:
            if snapshot.id in wanted["snapshots"]:
                count += put(snapshot, wanted["snapshots"][snapshot.id])
        if volume.id in wanted["volumes"]:
            count += put(volume, wanted["volumes"][volume.id])
    if service.cluster_name and wanted.get("cluster"):
        count += put(service.cluster, wanted["cluster"])
    # Last: while it stands as it was, nothing takes the backend for moved.
    count += put(service, wanted["service"])
    return {"changed": count}


def queues_of(service):
    """The names that Cinder casts to: the topic of a host or cluster, and the server in front of its `@` behind it."""
    names = [service.host] + ([service.cluster_name] if service.cluster_name else [])
    topics = [(name, "cinder-volume.%s" % name) for name in names]
    return [queue for name, topic in topics for queue in (topic, "%s.%s" % (topic, name.split("@")[0]))]


def rabbit_options(conf, url):
    """[oslo_messaging_rabbit] as Cinder reads it: what transport_url says behind its `?` stands above the section."""
    from oslo_messaging._drivers import amqp, base, common, impl_rabbit
    for options in (impl_rabbit.rabbit_opts, getattr(amqp, "amqp_opts", []), getattr(base, "base_opts", [])):
        conf.register_opts(options, group="oslo_messaging_rabbit")
    # Old releases have no such words in the URL.
    proxy = getattr(common, "ConfigOptsProxy", None)
    return (proxy(conf, url, "oslo_messaging_rabbit") if proxy else conf).oslo_messaging_rabbit


def tls_of(own):
    """What the options of RabbitMQ say of TLS, in kombu's words; False where they say nothing."""
    if not own.ssl:
        return False
    files = {"ca_certs": own.ssl_ca_file, "certfile": own.ssl_cert_file, "keyfile": own.ssl_key_file}
    known = {name: file for name, file in files.items() if file}
    return dict(known, cert_reqs=__import__("ssl").CERT_REQUIRED) if "ca_certs" in known else dict(known) or True


def brokers(conf):
    """How each message broker is connected to, in kombu's words."""
    import oslo_messaging
    url = oslo_messaging.TransportURL.parse(conf)
    ssl = tls_of(rabbit_options(conf, url))
    return [{"hostname": host.hostname, "port": host.port or 5672, "userid": host.username, "ssl": ssl,
             "password": host.password, "virtual_host": url.virtual_host or "/"} for host in url.hosts]


def dial(broker):
    import kombu
    connection = kombu.Connection(transport="amqp", connect_timeout=10, **broker)
    connection.connect()
    return connection


def answering(conf):
    """A connection to the first broker that answers: those of one cluster share their queues, and one of them may have
    died with its site and say nothing."""
    known, errors = brokers(conf), []
    pool = concurrent.futures.ThreadPoolExecutor(len(known) or 1)
    asked = {pool.submit(dial, broker): broker["hostname"] for broker in known}
    for answer in concurrent.futures.as_completed(asked):
        if answer.exception() is None:
            return answer.result()
        errors.append("%s: %s" % (asked[answer], said(answer.exception())))
    raise RuntimeError("no message broker answers: %s" % "; ".join(errors))


def purge(connection, queues):
    """How many messages were dropped. A queue that is not there has none; asking for it closes the channel."""
    dropped = 0
    for queue in queues:
        channel = connection.channel()
        try:
            dropped += channel.queue_purge(queue) or 0
        except connection.channel_errors:
            continue
        channel.close()
    return dropped


def drain(request):
    """Drops what is queued for the stopped service: a failover cast in the outage would be carried out after its start."""
    from oslo_config import cfg
    objects, context = database(request)
    queues = queues_of(objects.Service.get_by_args(context, request["service"], "cinder-volume"))
    with answering(cfg.CONF) as connection:
        return {"dropped": purge(connection, queues)}


def connect(request):
    """Connects as `write` and `drain` do, and changes nothing. Answers why one of them would fail, or None."""
    from oslo_config import cfg
    objects, context = database(request)
    # Instead of ten tries, 10 s apart.
    cfg.CONF.set_override("max_retries", 1, "database")
    cfg.CONF.set_override("retry_interval", 0, "database")
    pool, trouble = concurrent.futures.ThreadPoolExecutor(2), []
    asked = {"database": pool.submit(objects.ServiceList.get_all, context),
             "message broker": pool.submit(answering, cfg.CONF)}
    concurrent.futures.wait(asked.values(), request["seconds"])
    for name, answer in asked.items():
        if not answer.done():
            trouble.append("%s: no answer within %s s" % (name, request["seconds"]))
        elif answer.exception() is not None:
            trouble.append("%s: %s" % (name, said(answer.exception())))
    return {"trouble": "; ".join(trouble) or None}


def at_home():
    """Defaults of oslo.config lie in the home of the service's user too; runuser keeps that of root."""
    import pwd
    try:
        os.environ["HOME"] = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        pass


VERBS = {"look": look, "save": save, "write": write, "drain": drain, "connect": connect}


def main():
    request = json.loads(REQUEST)  # noqa: F821 -- stands in front of this script
    try:
        at_home()
        request["running"] = running_arguments(request.get("unit"))
        request["arguments"] = next(given for given in (
            request["running"], request.get("arguments"), ["--config-file", request["config"]]) if given is not None)
        answer = VERBS[request["do"]](request)
    except Exception as error:
        answer = {"error": said(error)}
    out.write(json.dumps(answer) + "\n")
    out.flush()
    # A client of a dead cluster may hang in its own shutdown: nothing is left to do here.
    os._exit(0)


main()
