# Runs on a site's admin host, as `PREFIX python3 -` with its request in front (REQUEST), and answers one JSON line, the last one.
# Standard library and Ceph's own bindings (python3-rados, python3-rbd), which come with `ceph` and `rbd`. One process and one
# connection for a whole pool: a process for each image would take 40 ms for each.
import concurrent.futures
import datetime
import hashlib
import json
import os
import random
import struct
import sys
import time

import rados
import rbd

STATES = {
    rbd.MIRROR_IMAGE_STATUS_STATE_UNKNOWN: "unknown",
    rbd.MIRROR_IMAGE_STATUS_STATE_ERROR: "error",
    rbd.MIRROR_IMAGE_STATUS_STATE_SYNCING: "syncing",
    rbd.MIRROR_IMAGE_STATUS_STATE_STARTING_REPLAY: "starting_replay",
    rbd.MIRROR_IMAGE_STATUS_STATE_REPLAYING: "replaying",
    rbd.MIRROR_IMAGE_STATUS_STATE_STOPPING_REPLAY: "stopping_replay",
    rbd.MIRROR_IMAGE_STATUS_STATE_STOPPED: "stopped",
}
WORKERS = 8
BLOCK = 4 << 20
# librados.h: from here on an error number is the place of a byte.
MAX_ERRNO = 4095
# For what other pools say of themselves; a living cluster takes some milliseconds for all.
POOL_SECONDS = 1


def connect(request):
    seconds = str(request["seconds"])
    # Rados.connect(timeout=) does not bound a dead cluster; these do (seen on 16.2).
    options = {name: seconds for name in (
        "client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout")}
    if request.get("keyring"):
        options["keyring"] = request["keyring"]
    cluster = rados.Rados(name="client." + request["user"], clustername=request["cluster"],
                          conffile=request["conf"], conf=options)
    cluster.connect()
    return cluster


def said(error):
    return "%s: %s" % (type(error).__name__, error)


def each(names, work):
    """Does the same to every image, several at a time; an image's failure is that image's answer."""
    def one(name):
        try:
            return name, work(name)
        except Exception as error:
            return name, {"error": said(error)}
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return dict(pool.map(one, names))


# ---- looking ----------------------------------------------------------------
def seen(status):
    return {"state": ("up+" if status["up"] else "down+") + STATES.get(status["state"], "unknown"),
            "description": status["description"],
            "lastUpdate": utc(status["last_update"])}


def utc(when):
    """The bindings give a naive time in UTC."""
    return when.replace(tzinfo=datetime.timezone.utc).timestamp() if when else 0


class Journal(object):
    """What cls_journal keeps of an image's journal: its clients and how far each has committed."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        value = struct.unpack_from("<" + form, self.data, self.at)[0]
        self.at += struct.calcsize("<" + form)
        return value

    def text(self):
        length = self.take("I")
        self.at += length
        return self.data[self.at - length:self.at]

    def framed(self, read):
        self.take("H")  # version and its compatible one
        end = self.take("I")
        end += self.at
        value = read()
        self.at = end
        return value

    def position(self):
        self.take("Q")
        return [self.take("Q"), self.take("Q")]

    def positions(self):
        return [self.framed(self.position) for _ in range(self.take("I"))]

    def client(self):
        name = self.text().decode("utf-8", "replace")
        self.text()
        return name, self.framed(self.positions)

    def clients(self):
        return dict(self.framed(self.client) for _ in range(self.take("I")))


def positions(pool, image_id):
    """Newest [tag, entry] committed, by client; the client '' is the image's own writer."""
    question = struct.pack("<IQ", 0, 64)
    answer = pool.execute("journal." + image_id, "journal", "client_list", question, 1 << 20)[1]
    found = Journal(answer).clients()
    return {name: max(at) if at else [0, 0] for name, at in found.items()}


def primaries(pool, tool):
    """Role and mode by image id; a status says nothing of the role."""
    return {image_id: {"primary": bool(info["primary"]), "mode": info["mode"]}
            for image_id, info in tool.mirror_image_info_list(pool, None)}


class Paused(Exception):
    pass


def sign(cluster, pool):
    """Says on a line of its own that the cluster answers, before a look that may be cut off by its limit of time. Mons alone
    answer a connect; this read is an OSD's, and the one that Cinder hosts are asked for (host/service.py)."""
    try:
        pool.stat("rbd_directory")
    except rados.ObjectNotFound:
        pass
    sys.stdout.write(json.dumps({"lives": cluster.get_fsid()}) + "\n")
    sys.stdout.flush()


def look(cluster, pool, request):
    asked = ask_mirrored(cluster) if request.get("mirrored") else None
    room, others = flags(cluster, request)
    # Every read of an object would wait, and say no more than that it timed out.
    if "pauserd" in room.get("list", []):
        raise Paused("the cluster pauses reads and writes: `ceph osd unset pause`")
    sign(cluster, pool)
    tool, ids, images = rbd.RBD(), {}, {}
    for item in tool.mirror_image_status_list(pool):
        ids[item["name"]] = item["id"]
        images[item["name"]] = dict(
            seen(item), globalId=item["info"]["global_id"], enabled=item["info"]["state"] == 1,
            peers=[dict(seen(peer), uuid=peer["mirror_uuid"]) for peer in item["remote_statuses"]])
    roles = primaries(pool, tool)
    for name, image in images.items():
        role = roles.get(ids[name])
        image["primary"] = bool(role and role["primary"])
        image["journal"] = not role or role["mode"] == rbd.RBD_MIRROR_IMAGE_MODE_JOURNAL
    if others:
        room.update(data_flags(pool, ids.values(), others))
    peers = [{"site": peer["site_name"], "uuid": peer["mirror_uuid"], "direction": peer["direction"]}
             for peer in tool.mirror_peer_list(pool)]
    answer = {"fsid": cluster.get_fsid(), "images": images,
              "all": [item["name"] for item in tool.list2(pool)], "peers": peers,
              "daemons": daemons(cluster), "flags": room}
    # Last: no stamp of the answer may be later than it.
    answer["now"] = datetime.datetime.now().timestamp()
    if asked is not None:
        names, hidden = mirrored(asked)
        answer["mirrored"] = dict({"list": names}, **({"unseen": hidden[0][1]} if hidden else {}))
    if request.get("positions"):
        for name, at in each(images, lambda name: {"at": positions(pool, ids[name])}).items():
            images[name]["positions"] = at.get("at")
    if request.get("users"):
        def users(name):
            return {"users": openers(pool, name, cluster)}
        for name, at in each([n for n in images if images[n]["primary"]], users).items():
            images[name]["users"] = at.get("users")
    return answer


def ask(cluster, prefix):
    code, out, error = cluster.mon_command(
        json.dumps({"prefix": prefix, "format": "json"}), b"", timeout=10)
    if code:
        raise RuntimeError(error)
    return json.loads(out)


# From the worst to the mildest. `ceph osd set pause` sets the first two.
FLAGS = ("pauserd", "pausewr", "full", "full_quota", "backfillfull", "nearfull")


def flags(cluster, request):
    """What keeps reads or writes waiting, or soon will; and the same of the cluster's other pools, (name, flags) by id, where
    there is any. `osd dump` holds both kinds, in structure, for a user with mon 'allow r' or `profile rbd`, on Ceph 16 to 20:
    since Luminous a full OSD marks the pools that have data on it, and the mon clears the map's own `full`. OSD_FULL of
    `health` would also stop a pool that is on other OSDs; POOL_FULL names its pools in a sentence only."""
    try:
        dump, own, others = ask(cluster, "osd dump"), [], {}
        for pool in dump["pools"]:
            if pool["pool_name"] == request["pool"]:
                own = marks(pool["flags_names"])
            elif marks(pool["flags_names"]):
                others[pool["pool"]] = (pool["pool_name"], marks(pool["flags_names"]))
        return {"list": marks(dump["flags"]) + own}, others
    except Exception as error:
        return {"error": said(error)}, {}


def marks(names):
    return [flag for flag in FLAGS if flag in names.split(",")]


def data_flags(pool, ids, others):
    """The flags of the others that hold images' data. The images are asked only where another pool has a flag at all: to ask
    takes a read for each, and mostly none has."""
    try:
        found = dict(others[at] for at in data_pools(pool, ids) if at in others)
        return {"data": found} if found else {}
    except Exception as error:
        return {"error": said(error)}


def data_pools(pool, ids):
    """Ids of the pools in which images keep their data (rbd_default_data_pool), -1 for this pool itself. cls_rbd says it
    without an open of the image, which would take some ten reads."""
    def one(image_id):
        answer = pool.execute("rbd_header." + image_id, "rbd", "get_data_pool", b"", 64)[1]
        return {"at": struct.unpack_from("<q", answer)[0]}
    found = each(ids, one).values()
    for answer in found:
        if "error" in answer:
            raise RuntimeError("the images' data pools: " + answer["error"])
    return sorted({answer["at"] for answer in found})


def ask_mirrored(cluster):
    """Asks each pool of the cluster for its mirror mode, beside what the caller does meanwhile; see mirrored(). One that was
    not made for rbd has none, and the osdmap says that without a question."""
    def one(name):
        try:
            pool = cluster.open_ioctx(name)
            return "rbd" in pool.application_list() and rbd.RBD().mirror_mode_get(pool) != rbd.RBD_MIRROR_MODE_DISABLED
        except rados.ObjectNotFound:
            return False
    # Never waited for whole: a pool whose OSDs are gone answers no sooner than its limit of time.
    executor = concurrent.futures.ThreadPoolExecutor(WORKERS)
    return {name: executor.submit(one, name) for name in sorted(cluster.list_pools())}


def mirrored(asked):
    """Names of the cluster's mirrored pools in order; and of the pools that do not say it, as (name, why)."""
    concurrent.futures.wait(asked.values(), timeout=POOL_SECONDS)
    names, hidden = [], []
    for name, answer in asked.items():
        error = answer.exception() if answer.done() else "no answer within %d s" % POOL_SECONDS
        if error is not None:
            hidden.append((name, "pool '%s': %s" % (name, error if isinstance(error, str) else said(error))))
        elif answer.result():
            names.append(name)
    return names, hidden


def openers(pool, name, cluster):
    """Addresses of the clients that have the image open, but for this one."""
    own = cluster.get_instance_id()
    with rbd.Image(pool, name, read_only=True) as image:
        return [w["addr"] for w in image.watchers_list() if w["id"] != own]


def daemons(cluster):
    """rbd-mirror daemons in the service map, with the age of their last beacon on the cluster's own clock."""
    try:
        dump, beacons = ask(cluster, "service dump"), ask(cluster, "service status")
    except Exception as error:
        return {"error": said(error)}
    stamps = beacons.get("rbd-mirror", {})
    known = dump.get("services", {}).get("rbd-mirror", {}).get("daemons", {})
    return {"list": [{"id": key, "name": item["metadata"].get("id", key),
                      "hostname": item["metadata"].get("hostname", ""),
                      "beacon": beacon(stamps.get(key, {}).get("last_beacon"))}
                     for key, item in known.items() if isinstance(item, dict)]}


def beacon(text):
    """When a daemon last reported, by the cluster's clock; 0 when it never did."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() if text else 0


# ---- changing roles ---------------------------------------------------------
def demote(_, pool, request):
    def one(name):
        with rbd.Image(pool, name) as image:
            change_role(image, False, image.mirror_image_demote)
        return {}
    return {"images": each(request["images"], one)}


def promote(_, pool, request):
    def one(name):
        with rbd.Image(pool, name) as image:
            if request["force"]:
                break_lock(image)
            change_role(image, True, lambda: image.mirror_image_promote(request["force"]))
        return {}
    return {"images": each(request["images"], one)}


def break_lock(image):
    """Takes the lock from the rbd-mirror that was killed for this: nobody else can have that of an image that is not primary.
    Its watch would hold the image for 30 s more; then librbd breaks the lock itself, and blocklists its client as this does."""
    if image.mirror_image_get_info()["primary"]:
        return
    for client, cookie, _ in (image.list_lockers() or {}).get("lockers", []):
        # librbd's own word for the exclusive lock; others are users' advisory ones.
        if cookie.startswith("auto "):
            try:
                image.break_lock(client, cookie)
            except Exception:
                pass  # It takes the 30 s then, as where the user may not blocklist (`profile rbd` may).


def change_role(image, primary, change):
    """An operation that is killed leaves its command at work here, and the next one meets it in the middle."""
    if image.mirror_image_get_info()["primary"] == primary:
        return
    try:
        change()
    except Exception:
        time.sleep(2)
        if image.mirror_image_get_info()["primary"] != primary:
            raise


def resync(_, pool, request):
    def one(name):
        with rbd.Image(pool, name) as image:
            image.mirror_image_resync()
        return {}
    return {"images": each(request["images"], one)}


def flush(cluster, pool, request):
    """Writes a flush to the journal of each image that nobody has open, so that rbd-mirror commits what it has replayed."""
    def one(name):
        others = openers(pool, name, cluster)
        if others:
            return {"error": "%d client(s) have it open" % len(others)}
        with rbd.Image(pool, name) as image:
            image.lock_acquire(rbd.RBD_LOCK_MODE_EXCLUSIVE)
            image.flush()
            image.lock_release()
        return {}
    return {"images": each(request["images"], one)}


def writable(_, pool, request):
    """Takes and gives back each image's write lock: what a writer needs first. No byte of the image changes."""
    def one(name):
        with rbd.Image(pool, name) as image:
            image.lock_acquire(rbd.RBD_LOCK_MODE_EXCLUSIVE)
            image.lock_release()
        return {}
    return {"images": each(request["images"], one)}


# ---- bytes ------------------------------------------------------------------
def probe(cluster, pool, request):
    """Has a probe image in each pool in which the images keep their data: their write locks say nothing of that pool."""
    ids = {item["name"]: item["id"] for item in rbd.RBD().list2(pool)}
    wanted = data_pools(pool, [ids[name] for name in request["images"] if name in ids])
    names = [None if at < 0 else cluster.pool_reverse_lookup(at) for at in wanted] or [None]
    for data_pool in names:
        try:
            if not probe_in(data_pool, pool, request["name"]):
                return {"same": False, "pools": [data_pool]}
        except Exception as error:
            if data_pool is None:
                raise
            raise RuntimeError("data pool '%s': %s" % (data_pool, said(error)))
    return {"same": True, "pools": names}


def probe_in(data_pool, pool, name):
    """Makes a mirrored image of its own, writes random bytes, reads them back and takes it away."""
    tool, data = rbd.RBD(), os.urandom(4096)
    if name in tool.list(pool):
        # Of a probe that was cut short.
        with rbd.Image(pool, name) as image:
            if image.mirror_image_get_info()["state"] != rbd.RBD_MIRROR_IMAGE_DISABLED:
                image.mirror_image_disable(False)
        tool.remove(pool, name)
    tool.create(pool, name, 8 << 20, features=rbd.RBD_FEATURE_EXCLUSIVE_LOCK | rbd.RBD_FEATURE_JOURNALING,
                data_pool=data_pool)
    try:
        with rbd.Image(pool, name) as image:
            image.mirror_image_enable()
            image.write(data, 1 << 20)
            image.flush()
        with rbd.Image(pool, name, read_only=True) as image:
            same = image.read(1 << 20, len(data)) == data
    finally:
        with rbd.Image(pool, name) as image:
            image.mirror_image_disable(False)
        tool.remove(pool, name)
    return same


def stored(image, size):
    """Blocks that hold data on this side; zeros that were written are data on one side and may be a hole on the other."""
    blocks = set()

    def found(offset, length, exists):
        if exists:
            blocks.update(range(offset // BLOCK, (offset + max(length, 1) - 1) // BLOCK + 1))
    image.diff_iterate(0, size, None, found)
    return sorted(blocks)


def checksum(_, pool, request):
    """A sum over the blocks that are not all zero, so that two sides which store zeros differently are equal: of all blocks
    where what this side stores is within the budget, else, and of the images in `part`, of some."""
    budget = max(request["budget"] // BLOCK, 1)

    def one(name):
        with rbd.Image(pool, name, read_only=True) as image:
            size = image.size()
            blocks = stored(image, size)
            whole = len(blocks) <= budget and name not in request["part"]
            if not whole:
                # Chosen among all blocks of the size, which both sides share, whatever each stores.
                total = (size + BLOCK - 1) // BLOCK
                blocks = sorted(random.Random(request["seed"] + name).sample(range(total), min(budget, total)))
            sums, read = hashlib.sha256(), 0
            for block in blocks:
                data = image.read(block * BLOCK, min(BLOCK, size - block * BLOCK))
                read += len(data)
                if data.strip(b"\0"):
                    sums.update(b"%d " % block + data)
            return {"sum": sums.hexdigest(), "read": read, "whole": whole}
    return {"images": each(request["images"], one)}


# ---- the lock of an operation -----------------------------------------------
def holder(pool, key):
    """Who holds the lock, with what its object says to the byte; (None, b"") where nobody does."""
    try:
        said_there = pool.read(key, 65536)
    except rados.ObjectNotFound:
        return None, b""
    return json.loads(said_there.decode("utf-8")), said_there


def is_own(by, request):
    """Whether the caller holds it: another process, here or elsewhere, may drive the same operation."""
    return all(by.get(field) == request["content"].get(field) for field in ("id", "word"))


def may_take(by, request):
    """Its own, one that was broken by the operator's word, one of its operation's process that the caller knows to be gone, or
    one that it knows or has seen to be silent: only as it was seen then, since its holder changes it with each renewal. An
    object's time says nothing of that: it is the clock of the client that wrote it."""
    seen_silent = request.get("instead")
    is_silent = seen_silent is not None and all(by.get(field) == seen_silent[field] for field in ("word", "renewed"))
    gone = request.get("gone")
    is_gone = gone is not None and by["id"] == request["content"]["id"] and by.get("worker") == gone
    return is_own(by, request) or is_silent or is_gone or by["id"] == request.get("break")


def replace(pool, key, before, content):
    """Writes the lock, or takes it away (None), unless it is no longer what was read: of two, one does."""
    with rados.WriteOpCtx() as op:
        # Python's rados has it since Pacific (16); with Octopus's, of two that come in the same moment both may write.
        if hasattr(op, "cmpext"):
            op.cmpext(before)
        if content is None:
            op.remove()
        else:
            op.write_full(encoded(content))
        try:
            # Without a time of its own it would leave the object's at 0.
            pool.operate_write_op(op, key, int(time.time()))
            return True
        except rados.ObjectNotFound:
            return False
        except rados.Error as error:
            # librados tells the first byte that differs as an error number above all others.
            if (getattr(error, "errno", None) or 0) < MAX_ERRNO:
                raise
            return False


def encoded(content):
    return json.dumps(content).encode("utf-8")


def place(asked, pool):
    """The pool of a lock that is the cluster's: the first mirrored one, which all find whatever pools their topologies have.
    Who may not ask each pool before it takes his own, and hears why."""
    names, hidden = mirrored(asked)
    before = [why for name, why in hidden if not names or name < names[0]]
    if names and not before:
        return names[0], None
    return pool, (before or ["none with the application rbd has a mirror mode"])[0]


def lock(cluster, pool, request):
    """Makes the lock object; only one can."""
    if request.get("ofCluster"):
        name, unseen = place(ask_mirrored(cluster), request["pool"])
        there = dict(request, pool=name, ofCluster=False)
        return dict(lock(cluster, cluster.open_ioctx(name), there), pool=name, unseen=unseen)
    held_up = [flag for flag in flags(cluster, request)[0].get("list", []) if flag in ("pausewr", "full", "full_quota")]
    # The write would wait, and end as a timeout that names no cause.
    if held_up:
        return {"held": False, "flags": held_up}
    key, content = request["key"], request["content"]
    with rados.WriteOpCtx() as op:
        op.new(rados.LIBRADOS_CREATE_EXCLUSIVE)
        op.write_full(encoded(content))
        try:
            pool.operate_write_op(op, key, int(time.time()))
            return {"held": True}
        except rados.ObjectExists:
            pass
    by, before = holder(pool, key)
    if by is not None and not may_take(by, request):
        return {"held": False, "by": by}
    if by is not None and replace(pool, key, before, content):
        return {"held": True}
    return lock(cluster, pool, request)


def renew(_, pool, request):
    by, before = holder(pool, request["key"])
    if by is None or not is_own(by, request):
        return {"held": False, "by": by}
    # Of two renewals at once, one comes too late.
    return {"held": True} if replace(pool, request["key"], before, request["content"]) else renew(_, pool, request)


def unlock(_, pool, request):
    by, before = holder(pool, request["key"])
    if by is None or not is_own(by, request) or replace(pool, request["key"], before, None):
        return {"held": False}
    return unlock(_, pool, request)


VERBS = {"look": look, "demote": demote, "promote": promote, "resync": resync, "flush": flush,
         "writable": writable,
         "probe": probe, "checksum": checksum, "lock": lock, "renew": renew, "unlock": unlock}


def main():
    request = json.loads(REQUEST)  # noqa: F821 -- stands in front of this script
    try:
        cluster = connect(request)
        pool = cluster.open_ioctx(request["pool"])
        answer = VERBS[request["do"]](cluster, pool, request)
    except Exception as error:
        answer = {"error": said(error)}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    # A client of a dead cluster may hang in its own shutdown: nothing is left to do here.
    os._exit(0)


main()
