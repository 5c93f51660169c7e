"""Brings one Cinder host's cinder.conf to one desired state, or leaves the host as it was.

Runs as root on the host, fed on stdin:   apply.py apply|remove|inspect|report < request.json
Self-contained on purpose: one SSH session carries this file and its request, and nothing is
installed. Standard library only, Python 3.6 and later, because that is what Cinder hosts have;
whatever needs Cinder runs in the service's own interpreter (PROBE below).

Steps: parse, lock, read, render, stage, validate, target, guard, commit, restart, health; then
done or rollback. Progress goes to stderr; a success ends with one line `CINDER_DR_RESULT {json}`
on stdout, a failure with one sentence on stderr. result.json has the whole outcome of both.
`inspect` and `report` only look: no lock, no write, no restart.
Exit: 0 done, 1 failed, 2 bad request, 3 refused (nothing changed), 4 rolled back.
"""
import base64
import contextlib
import errno
import fcntl
import glob
import grp
import grp
import hashlib
import json
import os
import pwd
import re
import select
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

EXIT = {"unchanged": 0, "changed": 0, "restarted": 0, "removed": 0,
        "failed": 1, "refused": 3, "rolled-back": 4}
REFUSALS = ("unreachableTarget", "failingOver", "activeSideUnreachable", "activeDeviceRemoved",
            "failedOver", "identityChange", "guardBlind", "clusterUnnamed", "lastMember",
            "otherOwner", "foreignClientFile")
SKIPPABLE = ("validate", "target", "guard", "health")
# Their value decides the service's name in Cinder's database (host@section): another one
# orphans every volume of the backend.
IDENTITY = ("host", "backend_host", "cluster")
TIMEOUTS = {"healthSeconds": 90, "applySeconds": 300, "targetSeconds": 20, "lockSeconds": 30}
RESTART_SECONDS = 120       # systemd itself gives a service 90 s to stop
PROBE_SECONDS = 45          # a cold start of Cinder's modules on a loaded host took 10 s
KEEP = 3
RBD_DRIVER = "cinder.volume.drivers.rbd.RBDDriver"
MARK = "# cinder-dr: "
CLOCK_BOOTTIME = 7          # /proc/PID/stat counts on this clock; time.CLOCK_BOOTTIME is 3.7+
SAFE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Stop(Exception):
    """Ends the run with an outcome, what was seen and what the operator does next."""

    def __init__(self, outcome, what, then, refusal=None):
        Exception.__init__(self, what)
        self.outcome, self.what, self.then, self.refusal = outcome, what, then, refusal


class BadRequest(Exception):
    pass


class BadText(Exception):
    """A text that oslo.config would not read; carries the place and never the line itself."""


# open() in text mode ends lines at \n, \r and \r\n and at nothing else, so oslo.config does too.
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def group_of(section):
    """oslo.config folds the case of every section name except DEFAULT."""
    return section if section == "DEFAULT" else section.lower()


def unquote(value):
    value = value.strip()
    if value and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


class Item(object):
    """A section header (key is None) or one assignment with its continuation lines."""

    def __init__(self, section, key, value, start):
        self.section, self.key, self.parts, self.start, self.end = (
            section, key, [value], start, start + 1)

    @property
    def value(self):
        return "\n".join(self.parts)


class Text(object):
    """The lines of one file, read by the rules of oslo.config's iniparser, edited line by line."""

    def __init__(self, text, path):
        self.path = path
        self.lines = LINE.findall(text)
        ends = [re.search(r"[\r\n]*\Z", line).group() for line in self.lines]
        self.eol = next((end for end in ends if end), "\n")
        self.final = not ends or bool(ends[-1])
        if not self.final:
            self.lines[-1] += self.eol
        self.parse()

    def __str__(self):
        text = "".join(self.lines)
        return text if self.final or not self.lines else text[:-len(self.eol)]

    def broken(self, number, what):
        raise BadText("%s:%d: %s" % (self.path, number + 1, what))

    def parse(self):
        self.items, section, last = [], None, None
        for number, line in enumerate(self.lines):
            body = line.rstrip()
            if not body:
                last = None
            elif body[0] in " \t":
                if last is None:
                    self.broken(number, "Unexpected continuation line")
                last.parts.append(body.lstrip())
                last.end = number + 1
            elif body[0] == "[":
                if not body.endswith("]"):
                    self.broken(number, "Invalid section (must end with ])")
                if len(body) <= 2:
                    self.broken(number, "Empty section name")
                section, last = body[1:-1], None
                self.items.append(Item(section, None, "", number))
            elif body[0] in "#;":
                last = None
            else:
                last = self.assignment(section, body, number)
        return self

    def assignment(self, section, body, number):
        found = re.match(r"([^:=]*)[:=](.*)\Z", body, re.S)
        if not found:
            self.broken(number, "No ':' or '=' found in assignment")
        if not found.group(1).strip():
            self.broken(number, "Key cannot be empty")
        if section is None:
            self.broken(number, "Section must be started before assignment")
        item = Item(section, found.group(1).strip(), unquote(found.group(2)), number)
        self.items.append(item)
        return item

    def find(self, section, key):
        group = group_of(section)
        return [i for i in self.items
                if i.key == key and i.key is not None and group_of(i.section) == group]

    def headers(self, section):
        group = group_of(section)
        return [i for i in self.items if i.key is None and group_of(i.section) == group]

    def splice(self, start, end, lines):
        self.lines[start:end] = lines
        self.parse()

    def source(self, item):
        return "".join(self.lines[item.start:item.end])

    def replace(self, item, value):
        first = self.lines[item.start]
        prefix = re.match(r"[^:=]*[:=][ \t]*", first).group()
        if prefix[-1] in ":=" and prefix[-2:-1].isspace():
            prefix += " "
        self.splice(item.start, item.end, [prefix + value + self.eol])

    def append(self, section, key, value):
        """Puts an assignment behind the section's last one. Answers what it had to make for it:
        nothing (""), the section, or the section and a blank line before it."""
        made = "" if self.headers(section) else self.add_section(section)
        header = self.headers(section)[-1]
        at = header.end
        for item in self.items[self.items.index(header) + 1:]:
            if item.key is None:
                break
            at = item.end
        if at == header.end and self.lines[at:at + 1] and self.lines[at].startswith(MARK):
            at += 1
        self.splice(at, at, ["%s = %s%s" % (key, value, self.eol)])
        return made

    def add_section(self, section):
        gap = [self.eol] if self.lines and self.lines[-1].strip() else []
        self.splice(len(self.lines), len(self.lines), gap + ["[%s]%s" % (section, self.eol)])
        return "section and gap" if gap else "section"

    def drop_section(self, section, made):
        """Takes away a section that has nothing left in it, with the blank line that we put."""
        for header in reversed(self.headers(section)):
            start, end = header.start, self.span_end(header)
            if any(line.strip() for line in self.lines[start + 1:end]):
                continue
            if made == "section and gap" and start and not self.lines[start - 1].strip():
                start -= 1
            self.splice(start, header.end, [])

    def span_end(self, header):
        return next((i.start for i in self.items if i.key is None and i.start > header.start),
                    len(self.lines))

    def remarked(self, section):
        return any(self.lines[at].startswith(MARK) for header in self.headers(section)
                   for at in range(header.start, self.span_end(header)))

    def remark(self, section, text):
        """One comment line tells a human whose the section's keys are; None takes it away."""
        wanted = None if text is None else MARK + text + self.eol
        for header in self.headers(section):
            for at in range(header.start, self.span_end(header)):
                if self.lines[at].startswith(MARK):
                    return self.splice(at, at + 1, [] if wanted is None else [wanted])
        if wanted is not None and self.headers(section):
            at = self.headers(section)[-1].end
            self.splice(at, at, [wanted])


TRUTH = {"true": True, "1": True, "yes": True, "on": True,
         "false": False, "0": False, "no": False, "off": False}
# Names, not numbers or switches: a pool called `1` is not a pool called `on`.
NAMES = ("volume_driver", "volume_backend_name", "rbd_pool", "rbd_user", "rbd_cluster_name",
         "rbd_ceph_conf", "rbd_secret_uuid")
# oslo.config adds up every occurrence of a MultiOpt, in all files, instead of taking the last.
MULTI = ("replication_device",)


def pairs(value):
    """A replication_device as oslo.config's Dict type reads it, or None if it would not."""
    found = {}
    for piece in value.split(","):
        name, colon, rest = piece.partition(":")
        if not colon or name.strip() in found:
            return None
        found[name.strip()] = rest.strip()
    return found


def same(key, have, want):
    want = unquote(want)
    if have == want:
        return True
    if key in MULTI:
        return pairs(have) is not None and pairs(have) == pairs(want)
    if key in NAMES:
        return False
    if re.match(r"[+-]?\d+\Z", have) and re.match(r"[+-]?\d+\Z", want):
        return int(have) == int(want)
    have, want = have.lower(), want.lower()
    return have in TRUTH and TRUTH.get(have) == TRUTH.get(want)


def listed(items):
    """The names of enabled_backends; for a ListOpt the last occurrence wins."""
    return [name.strip() for name in items[-1].value.split(",") if name.strip()] if items else []


def note(record, section, key, before, wrote, **more):
    """Keeps what a key said before its first change; later changes only renew what we wrote."""
    keys = record.setdefault(section, {"made": "", "keys": {}})["keys"]
    entry = keys.setdefault(key, dict(before=before, **more))
    entry["wrote"] = wrote


def set_key(text, record, section, key, value):
    """Answers whether the text changed. A value that oslo.config reads as ours stays as typed."""
    items = text.find(section, key)
    held = items if key in MULTI else items[-1:]
    if len(held) == 1 and same(key, held[0].value, value):
        return False
    before = [text.source(item) for item in held]
    if held:
        for surplus in reversed(held[1:]):
            text.splice(surplus.start, surplus.end, [])
        text.replace(held[0], value)
    else:
        record.setdefault(section, {"made": "", "keys": {}})["made"] += text.append(
            section, key, value)
    note(record, section, key, before, unquote(value))
    return True


def enable(text, record, names):
    items = text.find("DEFAULT", "enabled_backends")
    missing = [name for name in names if name not in listed(items)]
    if not missing:
        return False
    before = [text.source(items[-1])] if items else []
    if items:
        add_names(text, items[-1], missing)
    else:
        record.setdefault("DEFAULT", {"made": "", "keys": {}})["made"] += text.append(
            "DEFAULT", "enabled_backends", ",".join(missing))
    wrote = text.find("DEFAULT", "enabled_backends")[-1].value
    note(record, "DEFAULT", "enabled_backends", before, wrote, added=[])
    added = record["DEFAULT"]["keys"]["enabled_backends"]["added"]
    added.extend(name for name in missing if name not in added)
    return True


def add_names(text, item, names):
    at = item.end - 1
    line = text.lines[at].rstrip()
    ending = text.lines[at][len(line):]
    quote = ""
    if item.end == item.start + 1 and item.value != line.partition("=")[2].strip():
        found = re.match(r"[^:=]*[:=]\s*(?:([\"']).*\1)\Z", line)
        if found:
            line, quote = line[:-1], line[-1]
    gap = ", " if re.search(r",\s", item.value.replace("\n", "")) else ","
    empty = not item.value.strip() or item.value.rstrip().endswith(",")
    lead = "" if empty and (quote or line[-1:] not in ":=") else " " if empty else gap
    text.splice(at, at + 1, [line + lead + gap.join(names) + quote + ending])


def merge(text, backends, record, where, elsewhere):
    """Makes `text` say what the backends want and answers the changed keys by section.
    `elsewhere` names backends that another file already lists in enabled_backends."""
    changed = {}
    for backend in backends:
        section = backend["section"]
        keys = [key for key, value in sorted(backend["options"].items(), key=order)
                if set_key(text, record, section, key, value)]
        if keys:
            changed[section] = keys
        if keys or text.remarked(section):
            text.remark(section, "manages %s of [%s]; the earlier text is kept in %s" % (
                ", ".join(sorted(backend["options"])), section, where))
    names = [b["section"] for b in backends if b["section"] not in elsewhere]
    if enable(text, record, names):
        changed["DEFAULT"] = ["enabled_backends"]
    if "DEFAULT" in record and ("DEFAULT" in changed or text.remarked("DEFAULT")):
        added = record["DEFAULT"]["keys"]["enabled_backends"]["added"]
        text.remark("DEFAULT", "manages %s in enabled_backends; the earlier text is kept in %s" % (
            ", ".join(added), where))
    return changed


def order(pair):
    """A stanza reads best as the field writes it: driver, name, the rest, the device last."""
    key = pair[0]
    return (("volume_driver", "volume_backend_name").index(key)
            if key in ("volume_driver", "volume_backend_name") else 3 if key in MULTI else 2), key


def unmerge(text, record, wanted, force=False):
    """Puts back what the recorded keys said before us. `wanted(section, key)` chooses keys.
    Answers (changed, kept): kept are keys that somebody else has changed since, which only
    `force` puts back."""
    changed, kept = {}, []
    for section in sorted(record, key=lambda name: name == "DEFAULT"):
        info = record[section]
        for key in [key for key in sorted(info["keys"]) if wanted(section, key)]:
            entry = info["keys"].pop(key)
            if restore_key(text, section, key, entry, force):
                changed.setdefault(section, []).append(key)
            else:
                kept.append("[%s] %s" % (section, key))
        if not info["keys"]:
            text.remark(section, None)
            if info["made"]:
                text.drop_section(section, info["made"])
    for section in [section for section in record if not record[section]["keys"]]:
        del record[section]
    return changed, kept


def restore_key(text, section, key, entry, force):
    items = text.find(section, key)
    held = items if key in MULTI else items[-1:]
    ours = len(held) == 1 and held[0].value == entry["wrote"]
    if not held:
        return not entry["before"]
    if not ours and "added" in entry:
        return drop_names(text, held[-1], entry)
    if not ours and not force:
        return False
    for surplus in reversed(held[1:]):
        text.splice(surplus.start, surplus.end, [])
    text.splice(held[0].start, held[0].end, LINE.findall("".join(entry["before"])))
    return True


def drop_names(text, item, entry):
    """enabled_backends is shared with the operator: from a list changed since, only ours go."""
    names = listed([item])
    left = [name for name in names if name not in entry["added"]]
    if not left and not entry["before"]:
        text.splice(item.start, item.end, [])
    elif left != names:
        text.replace(item, (", " if ", " in item.value else ",").join(left))
    return True


def disable(text, record, gone):
    """Takes the backends that left the request out of enabled_backends; the others stay."""
    entry = record.get("DEFAULT", {"keys": {}})["keys"].get("enabled_backends")
    ours = [name for name in entry["added"] if name in gone] if entry else []
    if not ours:
        return {}
    if len(ours) == len(entry["added"]):
        return unmerge(text, record, lambda section, key: section == "DEFAULT")[0]
    entry["added"] = [name for name in entry["added"] if name not in gone]
    items = text.find("DEFAULT", "enabled_backends")
    if items:
        drop_names(text, items[-1], {"added": ours, "before": [""]})
        entry["wrote"] = text.find("DEFAULT", "enabled_backends")[-1].value
    return {"DEFAULT": ["enabled_backends"]}


def former_client(text, section):
    """How the driver of a section reaches Ceph, or None where the section does not say it."""
    said = {key: items[-1].value for key in (
        "rbd_ceph_conf", "rbd_user", "rbd_cluster_name", "rbd_pool")
        for items in [text.find(section, key)] if items}
    if not said.get("rbd_ceph_conf") or not said.get("rbd_user"):
        return None
    return {"conf": said["rbd_ceph_conf"], "user": said["rbd_user"],
            "cluster": said.get("rbd_cluster_name") or "ceph", "pool": said.get("rbd_pool") or "rbd"}


def keyring_of(names):
    """Where a client's key lies: where Ceph looks, unless the request says another place."""
    return names.get("keyring") or "/etc/ceph/%s.client.%s.keyring" % (
        names["cluster"], names["user"])


def digest(data):
    return hashlib.sha256(data).hexdigest()


def boottime():
    return time.clock_gettime(CLOCK_BOOTTIME)


def boot_id():
    with contextlib.suppress(OSError):
        with open("/proc/sys/kernel/random/boot_id") as stream:
            return stream.read().strip()
    return ""


def slurp(path):
    with open(path, "rb") as stream:
        return stream.read()


def sync_dir(path):
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path, data, mode=0o600, owner=None, like=None):
    """Writes beside the target and renames: at any moment the file is the old or the new one."""
    folder, name = os.path.split(path)
    handle, temp = tempfile.mkstemp(prefix=".%s.cinder-dr-" % name, dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            if like:
                copy_standing(like, temp)
            else:
                os.fchmod(stream.fileno(), mode)
                if owner is not None:
                    os.fchown(stream.fileno(), *owner)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temp, path)
        sync_dir(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temp)
        raise


def copy_standing(source, target):
    """Owner, mode and extended attributes: SELinux labels and ACLs live in the latter."""
    seen = os.stat(source)
    if (seen.st_uid, seen.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(target, seen.st_uid, seen.st_gid)
    os.chmod(target, stat.S_IMODE(seen.st_mode))
    for name in os.listxattr(source):
        try:
            os.setxattr(target, name, os.getxattr(source, name))
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EPERM):
                raise


def immutable(path):
    """chattr +i or +a: rename over such a file fails even for root (ioctl FS_IOC_GETFLAGS)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        flags = fcntl.ioctl(handle, 0x80086601, b"\0" * 8)
        return bool(int.from_bytes(flags[:4], sys.byteorder) & 0x30)
    except OSError:
        return False
    finally:
        os.close(handle)


def plain_environment(user=None):
    """The service manager must not hand the SSH session's variables to the service."""
    home = pwd.getpwuid(os.geteuid()).pw_dir if user is None else user.pw_dir
    return {"PATH": SAFE_PATH, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "HOME": home}


def become(user):
    def change():
        if user is not None and os.geteuid() == 0 and user.pw_uid != 0:
            os.initgroups(user.pw_name, user.pw_gid)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
    return change


class Ran(object):
    def __init__(self, code, out):
        self.code, self.out = code, out


def run(words, seconds, user=None, group=True):
    """Runs words and answers exit code (None: took too long) and output. The output goes to a
    file: a daemon started by a restart command keeps a pipe open for ever."""
    with tempfile.TemporaryFile() as output:
        try:
            child = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/",
                env=plain_environment(user), start_new_session=True, preexec_fn=become(user))
        except OSError as error:
            return Ran(127, "%s: %s" % (words[0], error.strerror))
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
            with contextlib.suppress(OSError):
                os.killpg(child.pid, signal.SIGKILL) if group else child.kill()
            child.wait()
        output.seek(0)
        return Ran(code, output.read(200000).decode("utf-8", "replace"))


def process_tree():
    children, words = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = slurp("/proc/%s/stat" % entry).rpartition(b")")[2].split()
                words[int(entry)] = [word.decode("utf-8", "replace") for word in
                                     slurp("/proc/%s/cmdline" % entry).split(b"\0")[:-1]]
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry))
    return children, words


def is_volume(words):
    return any(os.path.basename(word) == "cinder-volume" for word in words[:3])


def same_root(pid):
    """Not a container's process: that one reads files that are not this host's."""
    try:
        return all(os.readlink("/proc/%d/ns/%s" % (pid, kind)) ==
                   os.readlink("/proc/self/ns/%s" % kind) for kind in ("pid", "mnt"))
    except OSError:
        return False


def started(pid):
    """When a process started, on the boot clock; None when it is gone."""
    try:
        ticks = int(slurp("/proc/%d/stat" % pid).rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
    return ticks / float(os.sysconf("SC_CLK_TCK"))


def life(pid):
    """What tells a process from every other: pid, start on the boot clock, boot."""
    since = started(pid) if pid else None
    return None if since is None else [pid, since, boot_id()]


class Service(object):
    """cinder-volume as its manager sees it: a systemd unit, a container or two commands."""

    def __init__(self, spec):
        (self.kind, self.spec), = spec.items()
        self.container = self.spec if self.kind == "container" else None

    def words(self, verb):
        if self.kind == "systemd":
            return ["systemctl"] + {"restart": ["restart"], "status": ["is-active"]}[verb] + [
                self.spec["unit"]]
        if self.kind == "container" and verb == "restart" and self.spec.get("unit"):
            # Past the unit, systemd stops the restarted container once more: its `start -a` has ended.
            return ["systemctl", "restart", self.spec["unit"]]
        if self.kind == "container":
            return [self.spec["engine"]] + {
                "restart": ["restart"],
                "status": ["inspect", "--format", "{{.State.Status}} {{.State.Pid}}"],
            }[verb] + [self.spec["name"]]
        return list(self.spec[verb])

    def restart(self):
        return run(self.words("restart"), RESTART_SECONDS, group=False)

    def state(self):
        """One word; `active` is the good one."""
        seen = run(self.words("status"), 20)
        first = (seen.out.split() or [""])[0]
        if self.kind == "container":
            if first == "running" and seen.code == 0:
                return "active"
            # A unit's restart ends before its container has started.
            return "activating" if self.unit_is_at_work() else first or "unknown"
        if self.kind == "systemd":
            return first if seen.code == 0 or first != "active" else "unknown"
        return "active" if seen.code == 0 else "failed"

    def unit_is_at_work(self):
        if not self.spec.get("unit"):
            return False
        seen = run(["systemctl", "is-active", self.spec["unit"]], 20).out.split() or [""]
        return seen[0] in ("active", "activating", "deactivating", "reloading")

    def main(self):
        """(pid, argument words) of the cinder-volume parent process, or (None, [])."""
        top = self.manager_pid()
        children, words = process_tree()
        if top is None and self.kind != "container":
            parents = {child: pid for pid, many in children.items() for child in many}
            tops = [pid for pid in words if is_volume(words[pid]) and same_root(pid)
                    and not is_volume(words.get(parents.get(pid), []))]
            top = min(tops, key=lambda pid: started(pid) or 0) if tops else None
        queue = [top] if top in words else []
        for pid in queue:
            if is_volume(words.get(pid, [])):
                return pid, words[pid]
            queue.extend(children.get(pid, []))
        return (top, []) if top in words else (None, [])

    def manager_pid(self):
        """0: the manager says that there is none; None: it does not say."""
        if self.kind == "systemd":
            out = run(["systemctl", "show", "-p", "MainPID", self.spec["unit"]], 20).out
            found = re.search(r"^MainPID=(\d+)\s*$", out, re.M)
        elif self.kind == "container":
            found = re.match(r"\S+ (\d+)\s*\Z", run(self.words("status"), 20).out)
        else:
            found = re.search(r"^(?:MainPID=)?(\d+)\s*$", run(self.words("status"), 20).out,
                              re.M)
        return int(found.group(1)) if found else None

    def missing(self):
        """A reason why this host has no such service, or None."""
        unit = self.spec.get("unit") if self.kind != "commands" else None
        if not unit:
            return None
        out = run(["systemctl", "show", "-p", "LoadState", unit], 20).out
        return re.search(r"^LoadState=not-(found|loaded)", out, re.M) and (
            "service.%s.unit must name a unit of this host, got '%s'" % (self.kind, unit))


# Runs in the service's interpreter as the service's user: oslo.config and Cinder's option
# definitions judge the candidate, Cinder's objects show the service rows as the database has
# them. One process for all of it: importing Cinder takes 2 s and more. One JSON a line each way.
PROBE = r'''
import json, os, sys, tempfile
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
from oslo_config import cfg

def load(sources, conf=None):
    conf = conf or cfg.ConfigOpts()
    words, made = [], []
    try:
        for source in sources:
            path = source.get("path")
            if source.get("text") is not None:
                handle, path = tempfile.mkstemp()
                made.append(path)
                with os.fdopen(handle, "wb") as stream:
                    stream.write(source["text"].encode("utf-8"))
            words += ["--config-file", path]
        conf(words, project="cinder", default_config_files=[], default_config_dirs=[])
    finally:
        for path in made:
            os.unlink(path)
    return conf

def options(driver):
    found = {}
    # cinder.volume.manager imports only where the objects are registered.
    from cinder import objects
    objects.register_all()
    from cinder.volume import driver as base, manager
    modules = [base, manager]
    try:
        __import__(driver.rpartition(".")[0])
        modules.append(sys.modules[driver.rpartition(".")[0]])
    except ImportError as error:
        raise ValueError("volume_driver '%s': %s" % (driver, error))
    for module in modules:
        for value in list(vars(module).values()):
            if isinstance(value, list) and value and all(isinstance(o, cfg.Opt) for o in value):
                found.update((opt.name, opt) for opt in value)
    return found

def value(conf, section, key, opt):
    # Cinder's own order (BackendGroupConfiguration): section, [backend_defaults], default.
    for group in ("backend_defaults", section):
        try:
            conf.register_opt(opt, group=group)
        except cfg.DuplicateOptError:
            pass
    conf.set_default(opt.name, None, group=section)
    found = conf[section][key]
    return conf["backend_defaults"][key] if found is None else found

DEVICE = ("backend_id", "conf", "user", "secret_uuid")

def reading(conf, section, key, known):
    """An option as the driver takes it: the RBD driver has defaults of its own for an empty conf and
    for three parts of a replication_device, and takes no other part of it, `pool` neither."""
    found = value(conf, section, key, known.get(key) or cfg.StrOpt(key))
    if "rbd_ceph_conf" not in known:
        return found
    own = lambda name: value(conf, section, name, known[name])
    if key == "rbd_ceph_conf":
        return found or "/etc/ceph/%s.conf" % own("rbd_cluster_name")
    if key != "replication_device":
        return found
    return [dict({"conf": "/etc/ceph/%s.conf" % device.get("backend_id"),
                  "user": own("rbd_user") or "cinder", "secret_uuid": own("rbd_secret_uuid")},
                 **{part: device[part] for part in DEVICE if part in device})
            for device in found or []]

def head(conf):
    import cinder.common.config
    for opt in cinder.common.config.global_opts:
        if opt.name in ("host", "enabled_backends"):
            conf.register_opt(opt)
    conf.register_opt(cfg.StrOpt("cluster"))
    names = [name for name in conf.enabled_backends or [] if name]
    hosts = {}
    for name in names:
        conf.register_opt(cfg.StrOpt("backend_host"), group=name)
        hosts[name] = "%s@%s" % (conf[name].backend_host or conf.host, name)
    return {"hosts": hosts, "cluster": (conf.cluster or "").strip()}

def quietly(function, *args):
    try:
        return function(*args), None
    except Exception as error:
        return None, error

def validate(ask):
    before, trouble = quietly(load, ask["before"])
    old = quietly(head, before)[0] if before is not None else None
    answer = {"problems": [], "unknown": [], "changed": [], "before": old, "after": None}
    try:
        after = load(ask["after"])
        answer["after"] = head(after)
    except Exception as error:
        answer["problems"].append("%s: %s" % (type(error).__name__, error))
        return answer
    stanzas = []
    for section, keys in sorted(ask["owned"].items()):
        stanzas += ["[%s]" % section] + ["%s = %s" % pair for pair in sorted(keys.items())]
    wanted = load([{"text": "\n".join(stanzas) + "\n"}])
    for section, keys in sorted(ask["owned"].items()):
        known, error = quietly(options, keys.get("volume_driver", "cinder.volume.driver.X"))
        if error is not None:
            answer["problems"].append(str(error))
            continue
        for key in sorted(keys):
            if key not in known:
                answer["unknown"].append("[%s] %s" % (section, key))
            judge(answer, before, after, wanted, section, key, known)
    for section, keys in sorted(ask["released"].items()):
        for key in keys:
            opt = cfg.MultiStrOpt(key) if key == "replication_device" else cfg.StrOpt(key)
            had = quietly(value, before, section, key, opt)
            has = quietly(value, after, section, key, opt)
            if had[0] != has[0] or had[1] or has[1]:
                answer["changed"].append([section, key])
    if old is None or old != answer["after"]:
        answer["changed"].append(["DEFAULT", "enabled_backends"])
    everywhere = after.list_all_sections()
    folded = [name if name == "DEFAULT" else name.lower() for name in everywhere]
    for name in answer["after"]["hosts"]:
        if name.lower() not in folded and "backend_defaults" not in folded:
            answer["problems"].append(
                "[DEFAULT] enabled_backends names '%s', which has no section" % name)
    for name in ask["enabled"]:
        if name not in answer["after"]["hosts"]:
            answer["problems"].append("[DEFAULT] enabled_backends does not name '%s'" % name)
    return answer

def judge(answer, before, after, wanted, section, key, known):
    place = "[%s] %s" % (section, key)
    want, error = quietly(reading, wanted, section, key, known)
    has, wrong = quietly(reading, after, section, key, known)
    if wrong is not None or error is not None:
        answer["problems"].append("%s: %s" % (place, wrong or error))
    elif has != want:
        answer["problems"].append("%s: the service would not read the value asked for" % place)
    elif key == "replication_device" and len(has) != 1:
        answer["problems"].append("%s: must be exactly one device, got '%d'" % (place, len(has)))
    elif key == "replication_device" and not has[0].get("backend_id"):
        answer["problems"].append("%s: must have a backend_id" % place)
    had, unread = quietly(reading, before, section, key, known)
    if before is None or unread is not None or had != has:
        answer["changed"].append([section, key])

OWN = ("volume_backend_name", "rbd_pool", "rbd_user", "rbd_cluster_name", "rbd_ceph_conf",
       "rbd_secret_uuid", "rados_connect_timeout", "replication_connect_timeout")

def configured(ask):
    """Every enabled backend as the service reads it; of other drivers' the name alone."""
    conf, found = load(ask["config"]), []
    for section in head(conf)["hosts"]:
        driver = value(conf, section, "volume_driver", cfg.StrOpt("volume_driver")) or ""
        seen = {"section": section, "driver": driver}
        found.append(seen)
        if driver != ask["driver"]:
            continue
        known = options(driver)
        own = {key: reading(conf, section, key, known) for key in OWN if key in known}
        seen.update(
            values={key: str(own[key]) for key in own if own[key] is not None},
            devices=reading(conf, section, "replication_device", known),
            known=sorted(name for name in known if not known[name].secret))
    return {"backends": found}

def ready(ask, state={}):
    if not state:
        from cinder import context, objects
        import cinder.db
        import cinder.common.config
        objects.register_all()
        load(ask["config"], cfg.CONF)
        state.update(objects=objects, context=context.get_admin_context())
    return state["objects"], state["context"]

def rows(ask):
    objects, context = ready(ask)
    found = {}
    hosts = ask.get("heads") and head(load(ask["config"]))["hosts"]
    for row in objects.ServiceList.get_all(context, {"binary": "cinder-volume"}):
        found[row.host] = {
            "reportCount": row.report_count, "updatedAt": str(row.updated_at or ""),
            "replicationStatus": row.replication_status or "",
            "activeBackendId": row.active_backend_id or "", "isUp": bool(row.is_up),
            "cluster": row.cluster_name or ""}
    return {"rows": found, "hosts": hosts}

def volumes(ask):
    objects, context = ready(ask)
    return {"volumes": {host: len(objects.VolumeList.get_all_by_host(context, host))
                        for host in ask["hosts"]}}

out.write(json.dumps({"ready": True}) + "\n")
out.flush()
for line in iter(sys.stdin.readline, ""):
    ask = json.loads(line)
    try:
        answer = {"validate": validate, "rows": rows, "volumes": volumes,
                  "configured": configured}[ask["do"]](ask)
    except Exception as error:
        answer = {"error": "%s: %s" % (type(error).__name__, error)}
    out.write(json.dumps(answer) + "\n")
    out.flush()
'''


class Blind(Exception):
    """The probe could not answer; carries the reason."""


class Probe(object):
    def __init__(self, words, user):
        self.words, self.user, self.child, self.buffer = words, user, None, b""

    def start(self):
        self.errors = tempfile.TemporaryFile()
        try:
            self.child = subprocess.Popen(
                self.words + ["-c", PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=self.errors, cwd="/", env=plain_environment(self.user),
                start_new_session=True, preexec_fn=become(self.user))
        except OSError as error:
            raise Blind("%s: %s" % (self.words[-1], error.strerror))
        self.read(PROBE_SECONDS)

    def ask(self, seconds=PROBE_SECONDS, **question):
        if self.child is None:
            self.start()
        try:
            self.child.stdin.write(json.dumps(question).encode("ascii") + b"\n")
            self.child.stdin.flush()
        except OSError:
            pass
        answer = self.read(seconds)
        if "error" in answer:
            raise Blind(answer["error"])
        return answer

    def read(self, seconds):
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                self.close()
                raise Blind("no answer from %s within %d s" % (self.words[-1], seconds))
            data = os.read(self.child.stdout.fileno(), 65536)
            if not data:
                self.close()
                raise Blind(self.last_error() or "%s ended" % self.words[-1])
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line.decode("utf-8"))

    def last_error(self):
        self.errors.seek(0)
        lines = self.errors.read(200000).decode("utf-8", "replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def close(self):
        if self.child is not None:
            with contextlib.suppress(OSError):
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
            for stream in (self.child.stdin, self.child.stdout):
                with contextlib.suppress(OSError):
                    stream.close()
            self.child, self.buffer = None, b""


# Where the rbd command is missing: the driver's own binding, with the driver's own parameters.
REACH = r'''
import json, sys, rados, rbd
q = json.loads(sys.argv[1])
c = rados.Rados(rados_id=q["user"], clustername=q["cluster"], conffile=q["conf"])
for key in ("client_mount_timeout", "rados_mon_op_timeout", "rados_osd_op_timeout"):
    c.conf_set(key, str(q["seconds"]))
c.connect(timeout=q["seconds"])
rbd.RBD().list(c.open_ioctx(q["pool"]))
'''


SECRETS = [
    (re.compile(r"(?i)(\w*(?:password|passwd|secret|token|_key|\bkey)\w*\s*['\"]?\s*[=:]\s*)\S+"),
     r"\1***"),
    (re.compile(r"\w[\w+.-]*://[^\s/@]*@"), "***@"),
    (re.compile(r"\bAQ[A-Za-z0-9+/]{20,}={0,2}"), "***"),
    (re.compile(r"backend_id\s*:\s*[^\s'\"]+,\S*"), "***"),
]


def hidden(request):
    """replication_device is a secret=True option for Cinder: its value is never said."""
    words = set()
    for backend in request.get("backends", []):
        for key, value in backend["options"].items():
            if key in MULTI:
                words.add(value)
                words.update((pairs(value) or {}).get(name) for name in ("secret_uuid",))
            elif "secret" in key or "password" in key:
                words.add(value)
    words.update(spec.get("key") for spec in request.get("files", []))
    return sorted((word for word in words if word and len(word) > 7), key=len, reverse=True)


def redact(text, words=()):
    for word in words:
        text = text.replace(word, "***")
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


class State(object):
    """`.cinder-dr/<file name>/` beside the file: hosts may share /var, not this folder.

    record.json      what our keys said before us, and what we wrote
    last-known-good  the file before our last change (.1 and .2: before that)
    pending          a change that is not proven yet, for the next run to go on from
    files.json       what the clients' files were before us
                     both also say whose push came to its end here last: stack and host name
    result.json      how the last run ended
    lock             held for a whole run
    """

    def __init__(self, live):
        self.root = os.path.join(os.path.dirname(live), ".cinder-dr")
        self.folder = os.path.join(self.root, os.path.basename(live))
        self.live, self.handle = live, None

    def path(self, name):
        return os.path.join(self.folder, name)

    def lock(self, seconds):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(FileExistsError):
                os.mkdir(self.root, 0o700)
            with contextlib.suppress(FileExistsError, FileNotFoundError):
                os.mkdir(self.folder, 0o700)
            with contextlib.suppress(FileNotFoundError):
                if self.try_lock():
                    return
            if time.monotonic() > deadline:
                raise Stop("refused", "another run holds the lock (%s)" % self.holder(),
                           "wait until it has ended, then run again")
            time.sleep(0.1)

    def try_lock(self):
        handle = os.open(self.path("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A removal takes the folder away under those who wait for its lock.
            if not os.path.samestat(os.fstat(handle), os.stat(self.path("lock"))):
                raise FileNotFoundError()
        except BlockingIOError:
            os.close(handle)
            return False
        except BaseException:
            os.close(handle)
            raise
        os.ftruncate(handle, 0)
        os.write(handle, ("pid %d since %s" % (os.getpid(), now())).encode())
        self.handle = handle
        return True

    def held(self):
        """Who holds the lock, or None. Looks only: it makes no file."""
        try:
            handle = os.open(self.path("lock"), os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            return self.holder()
        finally:
            os.close(handle)

    def holder(self):
        with contextlib.suppress(OSError):
            return slurp(self.path("lock")).decode("utf-8", "replace") or "unknown"
        return "unknown"

    def read(self, name):
        try:
            data = slurp(self.path(name))
        except FileNotFoundError:
            return None
        try:
            return json.loads(data.decode("utf-8"))
        except ValueError:
            raise Stop("refused", "%s is damaged" % self.path(name),
                       "look at it and move it away; without it the earlier text of our keys is "
                       "unknown")

    def write(self, name, value):
        write_whole(self.path(name), (json.dumps(value, sort_keys=True) + "\n").encode("ascii"))

    def drop(self, name):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(name))

    def keep(self, data):
        for number in range(KEEP - 1, 0, -1):
            older = self.path("last-known-good" + (".%d" % (number - 1) if number > 1 else ""))
            with contextlib.suppress(FileNotFoundError):
                os.rename(older, self.path("last-known-good.%d" % number))
        write_whole(self.path("last-known-good"), data)

    def sweep(self):
        """Temporary files of a run that was killed; only the lock's holder may take them away."""
        names = [os.path.basename(self.live), "record.json", "pending", "result.json",
                 "last-known-good"]
        for folder in (os.path.dirname(self.live), self.folder):
            for name in names:
                for path in glob.glob(os.path.join(glob.escape(folder),
                                                   ".%s.cinder-dr-*" % glob.escape(name))):
                    with contextlib.suppress(OSError):
                        os.unlink(path)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.rmdir(self.root)


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def demand(condition, path, what, got):
    if not condition:
        raise BadRequest("%s must %s, got '%s'" % (path, what, got))


def check_words(value, path):
    demand(isinstance(value, list) and value and all(isinstance(w, str) and w for w in value), path,
           "be a list of words", value)


def check_service(spec):
    demand(isinstance(spec, dict) and len(spec) == 1, "service",
           "be one of systemd, container, commands", "" if not spec else sorted(spec))
    (kind, value), = spec.items()
    demand(kind in ("systemd", "container", "commands"), "service",
           "be one of systemd, container, commands", kind)
    needed = {"systemd": ("unit",), "container": ("engine", "name"),
              "commands": ("restart", "status")}[kind]
    for name in needed:
        path = "service.%s.%s" % (kind, name)
        demand(isinstance(value, dict) and value.get(name), path, "be given", "")
        if kind == "commands":
            check_words(value[name], path)
        else:
            demand(isinstance(value[name], str) and not value[name].startswith("-"), path,
                   "be a name", value[name])
    unit = value.get("unit", "x") if kind == "container" else "x"
    demand(isinstance(unit, str) and unit and not unit.startswith("-"), "service.container.unit", "be a name", unit)


def check_backend(backend, path):
    demand(isinstance(backend, dict), path, "be an object", "")
    section = backend.get("section")
    demand(isinstance(section, str)
           and re.match(r"[^\s\[\],=:#;\"'][^\[\],=:\x00-\x20]*\Z", section),
           path + ".section", "be a section name", section)
    demand(group_of(section).lower() not in ("default", "backend_defaults"), path + ".section",
           "name a backend", section)
    demand(isinstance(backend.get("options"), dict) and backend["options"], path + ".options",
           "hold at least one option", "")
    for key, value in backend["options"].items():
        place = "%s.options.%s" % (path, key)
        demand(re.match(r"[a-z][a-z0-9_]*\Z", key), place, "have a name of a-z, 0-9 and _", key)
        demand(isinstance(value, str) and not re.search(u"[\x00-\x1f\x7f\x85\u2028\u2029]", value),
               place, "be one line of text", "(not shown)")
    for side in ("primary", "target"):
        names = backend.get(side)
        if names is not None:
            for name in ("cluster", "conf", "user", "pool"):
                place = "%s.%s.%s" % (path, side, name)
                demand(isinstance(names.get(name), str) and names[name]
                       and not names[name].startswith("-"), place, "be given", names.get(name))


def check_file(spec, path):
    demand(isinstance(spec, dict) and spec.get("kind") in ("conf", "keyring"), path + ".kind",
           "be conf or keyring", "" if not isinstance(spec, dict) else spec.get("kind"))
    demand(isinstance(spec.get("path"), str) and os.path.isabs(spec["path"]), path + ".path",
           "be an absolute path", spec.get("path"))
    needed = ("text", "fsid") if spec["kind"] == "conf" else ("text", "user", "key", "mode", "owner")
    for name in needed:
        demand(isinstance(spec.get(name), str) and spec[name], "%s.%s" % (path, name), "be given", "")


def parse(data):
    try:
        request = json.loads(data.decode("utf-8"))
    except ValueError:
        raise BadRequest("the request must be JSON, got '%d bytes of something else'" % len(data))
    demand(isinstance(request, dict), "the request", "be an object", type(request).__name__)
    demand(request.get("version") == 1, "version", "be 1", request.get("version"))
    for name in ("host", "configFile"):
        demand(isinstance(request.get(name), str) and request[name], name, "be given",
               request.get(name))
    demand(os.path.isabs(request["configFile"]), "configFile", "be an absolute path",
           request["configFile"])
    request.setdefault("python", "/usr/bin/python3")
    request.setdefault("serviceUser", "cinder")
    check_service(request.get("service"))
    request["timeouts"] = dict(TIMEOUTS, **(request.get("timeouts") or {}))
    for name, value in request["timeouts"].items():
        demand(isinstance(value, (int, float)) and value > 0, "timeouts.%s" % name,
               "be a number of seconds", value)
    request["skipChecks"] = request.get("skipChecks") or []
    for name in request["skipChecks"]:
        demand(name in SKIPPABLE, "skipChecks", "name one of %s" % ", ".join(SKIPPABLE), name)
    for name in ("cluster", "owner"):
        request[name] = request.get(name) or ""
        demand(isinstance(request[name], str), name, "be a name", request[name])
    request["consent"] = request.get("consent") or {}
    for name in request["consent"]:
        demand(name in REFUSALS, "consent", "name one of %s" % ", ".join(REFUSALS), name)
    request["backends"] = request.get("backends") or []
    for number, backend in enumerate(request["backends"]):
        check_backend(backend, "backends[%d]" % number)
    request["files"] = request.get("files") or []
    for number, spec in enumerate(request["files"]):
        check_file(spec, "files[%d]" % number)
    folded = [group_of(backend["section"]) for backend in request["backends"]]
    for section in folded:
        demand(folded.count(section) == 1, "backends", "name each section once", section)
    return request


def config_arguments(words, pid):
    """(files, dirs) of `--config-file`/`--config-dir` as the running process was given them."""
    cwd = "/"
    with contextlib.suppress(OSError):
        cwd = os.readlink("/proc/%d/cwd" % pid)
    order_given, at = [], 0
    while at < len(words):
        for name in ("--config-file", "--config-dir"):
            if words[at] == name and at + 1 < len(words):
                order_given.append((name, os.path.join(cwd, words[at + 1])))
            elif words[at].startswith(name + "="):
                order_given.append((name, os.path.join(cwd, words[at].partition("=")[2])))
        at += 1
    return order_given


def default_search(home, extension, folders=(".cinder", "", "/etc/cinder", "/etc")):
    found = []
    for name in ("cinder", "cinder-volume"):
        for folder in folders:
            path = os.path.join(home, folder, name + extension)
            if os.path.exists(path):
                found.append(path)
                break
    return found


def sources_of(arguments, home):
    """Every file in oslo.config's reading order; a later one wins. Defaults come before arguments,
    and default folders are read even when --config-file is given."""
    files = []
    if not any(name == "--config-file" for name, _ in arguments):
        files += default_search(home, ".conf")
    if not any(name == "--config-dir" for name, _ in arguments):
        arguments = [("--config-dir", path)
                     for path in default_search(home, ".conf.d")] + arguments
    for name, path in arguments:
        if name == "--config-file":
            files.append(path)
        else:
            files += sorted(glob.glob(os.path.join(glob.escape(path), "*.conf")))
    return files


def decode(data, path):
    if data.startswith(b"\xef\xbb\xbf"):
        raise Stop("refused", "%s must not start with a byte order mark" % path,
                   "save it without one: oslo.config takes it for a part of the first line")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Stop("refused", "%s must be UTF-8, got '%s' at byte %d" % (
            path, hex(data[error.start]), error.start), "save it as UTF-8")


def read_text(data, path):
    try:
        return Text(decode(data, path), path)
    except BadText as error:
        raise Stop("refused", "oslo.config cannot read %s" % error,
                   "correct this line; cinder-volume would not start with it")


def conflicts(others, live, backends):
    """What other files say about our keys so that ours would not be what the service reads.
    `others` is [(Text, read after ours)]."""
    for backend in backends:
        for key, value in backend["options"].items():
            for text, later in others:
                for item in text.find(backend["section"], key):
                    if key in MULTI or later and not same(key, item.value, value):
                        why = ("every file's values of it add up" if key in MULTI
                               else "that file is read after this one and wins")
                        mine = live.find(backend["section"], key)
                        yield "[%s] %s is also set at %s:%d, and %s (ours belongs at %s:%s)" % (
                            backend["section"], key, text.path, item.start + 1, why, live.path,
                            mine[0].start + 1 if mine else "the section's end")


def key_of(text, user):
    """The key of a user in a keyring's text, or None."""
    section = re.search(r"^\[client\.%s\][^\S\n]*\n((?:(?!\[).*\n?)*)" % re.escape(user), text, re.M)
    found = section and re.search(r"^\s*key\s*=\s*(\S+)", section.group(1), re.M)
    return found.group(1) if found else None


class ClientFiles(object):
    """Ceph's confs and keyrings that this host's Cinder needs. What was there before the first change
    is kept in files.json of the state folder and comes back when a file is ours no longer."""

    def __init__(self, wanted, state, user):
        self.wanted, self.state, self.user = wanted, state, user
        self.record = state.read("files.json") or {}
        self.due, self.undone, self.put = [], [], []

    def plan(self, refuse):
        """Finds the files that do not say what they should; a foreign one is not overwritten."""
        for spec in self.wanted:
            have = self.have(spec["path"])
            text = self.text_for(spec, have, refuse)
            if text is not None:
                self.due.append((spec, text))
        return self.due

    def have(self, path):
        try:
            seen = os.stat(path)
            data = slurp(path)
        except FileNotFoundError:
            return None
        return {"text": data.decode("utf-8", "replace"), "mode": stat.S_IMODE(seen.st_mode),
                "uid": seen.st_uid, "gid": seen.st_gid,
                "before": base64.b64encode(data).decode("ascii")}

    def text_for(self, spec, have, refuse):
        """What is to be written, or None when the file is right as it is."""
        if have is None or have["text"] == spec["text"] and self.stands(spec, have):
            return spec["text"] if have is None else None
        if spec["kind"] == "keyring":
            if key_of(have["text"], spec["user"]) == spec["key"]:
                return None if self.stands(spec, have) else have["text"]
            others = set(re.findall(r"^\[(.+)\]", have["text"], re.M)) - {"client." + spec["user"]}
            if others and spec["path"] not in self.record:
                refuse("foreignClientFile", "%s also holds the keys of %s" % (
                    spec["path"], ", ".join(sorted(others))), "give each user a file of its own")
            return spec["text"]
        if spec["path"] in self.record:
            return spec["text"]
        found = re.search(r"^\s*fsid\s*=\s*(\S+)", have["text"], re.M)
        if found and found.group(1) == spec["fsid"]:
            return None
        refuse("foreignClientFile", "%s is of another cluster (fsid '%s'), wanted is '%s'" % (
            spec["path"], found.group(1) if found else "", spec["fsid"]),
            "move it away, or name another conf in the topology")
        return spec["text"]

    def standing(self, spec):
        """(mode, uid, gid) of a file: a conf is for everybody, a key for the service alone."""
        if spec["kind"] == "conf":
            return 0o644, 0, 0
        try:
            group = grp.getgrnam(spec["group"]).gr_gid if spec["group"] else (
                self.user.pw_gid if self.user else 0)
            return int(spec["mode"], 8), pwd.getpwnam(spec["owner"]).pw_uid, group
        except KeyError as error:
            raise Stop("refused", "mirroring.clientFiles: this host has no such owner or group: %s" %
                       error.args[0], "correct mirroring.clientFiles")

    def stands(self, spec, have):
        return spec["kind"] == "conf" or os.geteuid() != 0 or (
            have["mode"], have["uid"], have["gid"]) == self.standing(spec)

    def write(self):
        for spec, text in self.due:
            path, have = spec["path"], self.have(spec["path"])
            self.undone.append((path, have, self.record.get(path)))
            kept = self.record.get(path) or ({name: have[name] for name in (
                "before", "mode", "uid", "gid")} if have else {"before": None})
            self.record[path] = dict(kept, wrote=digest(text.encode("utf-8")))
            # Before the file: a killed run must not leave one of ours unrecorded.
            self.state.write("files.json", self.record)
            if not os.path.isdir(os.path.dirname(path)):
                os.makedirs(os.path.dirname(path), 0o755)
            self.place(path, text.encode("utf-8"), self.standing(spec))
            self.put.append(path)

    def place(self, path, data, standing):
        mode, uid, gid = standing
        write_whole(path, data, mode, (uid, gid) if os.geteuid() == 0 else None)

    def undo(self):
        """This run's writes, taken back in reverse order."""
        while self.undone:
            path, have, kept = self.undone.pop()
            self.restore(path, have)
            if kept is None:
                self.record.pop(path, None)
            else:
                self.record[path] = kept
            self.state.write("files.json", self.record)
        self.put = []

    def restore(self, path, had):
        if had is None or had["before"] is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        else:
            self.place(path, base64.b64decode(had["before"]), (had["mode"], had["uid"], had["gid"]))

    def settle(self, managed):
        """Puts back what is ours no longer, and takes over the rest. Answers (given back, kept because
        somebody changed it)."""
        back, kept, before = [], [], dict(self.record)
        for path in [p for p in self.record if p not in {spec["path"] for spec in self.wanted}]:
            have = self.have(path)
            if have and digest(have["text"].encode("utf-8")) != self.record[path]["wrote"]:
                kept.append(path)
            else:
                self.restore(path, self.record[path])
                back.append(path)
            del self.record[path]
        self.record = {path: managed(entry) for path, entry in self.record.items()}
        if self.record != before:
            self.state.write("files.json", self.record)
        if not self.record:
            self.state.drop("files.json")
        return back, kept


class Apply(object):
    def __init__(self, request, verb, say):
        self.request, self.verb, self.tell = request, verb, say
        self.words = hidden(request)
        self.skip, self.consent = request["skipChecks"], request["consent"]
        self.backends = [] if verb == "remove" else request["backends"]
        self.service = Service(request["service"])
        self.user, self.probe, self.step_name, self.committed = None, None, "parse", False
        self.kept, self.changed, self.rows, self.others = [], {}, None, []
        self.staged, self.blind, self.before, self.old_pid = None, False, {"hosts": {}}, None
        self.hosts, self.everybody, self.dead, self.left = {}, {}, set(), False
        self.result = {"version": 1, "host": request["host"], "outcome": "failed", "step": "parse",
                       "reason": "", "next": "", "refusal": None, "protected": None,
                       "changedKeys": {}, "keptKeys": [], "restarted": False, "pid": None,
                       "skipped": list(self.skip), "overridden": [], "durations": {},
                       "warnings": [], "asked": asked(request)}

    def say(self, text):
        self.tell(redact(text, self.words))

    @contextlib.contextmanager
    def step(self, name):
        self.step_name, since = name, time.monotonic()
        if name in self.skip:
            self.say("%s skipped" % name)
        yield name not in self.skip
        spent = round(time.monotonic() - since, 2)
        self.result["durations"][name] = spent
        if name not in self.skip:
            self.say("%s ok %.1f s" % (name, spent))

    def refuse(self, name, what, then):
        """A refusal gives way only to a consent that names it."""
        if name in self.consent:
            self.result["overridden"].append(name)
            self.say("%s: %s; going on by consent '%s'" % (self.step_name, what, name))
            return
        raise Stop("refused", what, then, name)

    # -- the transaction

    def run(self):
        try:
            self.result["outcome"] = self.transaction()
        except Stop as stop:
            self.failed(stop.outcome, stop.what, stop.then)
            self.result["refusal"] = stop.refusal
        except OSError as error:
            self.failed("failed" if self.committed else "refused", "%s: %s" % (
                error.filename or os.path.dirname(self.request["configFile"]),
                error.strerror or error),
                "nothing was changed; correct it and run again" if not self.committed
                else "run again: the next run goes on from here")
        finally:
            if self.probe is not None:
                self.probe.close()
        self.result["step"] = self.step_name
        done = EXIT[self.result["outcome"]] == 0 and self.result["outcome"] != "unchanged"
        self.result.update(at=now(), changedKeys=self.changed if done else {}, keptKeys=self.kept)
        self.leave_result()
        return self.result

    def failed(self, outcome, what, then):
        self.result.update(outcome=outcome, reason=redact(what, self.words),
                           next=redact(then, self.words))

    def leave_result(self):
        state = getattr(self, "state", None)
        if state is None or state.handle is None:
            return
        # Where somebody else manages the host, how that push ended stays to be read.
        if not self.left:
            self.write_result(state)
        os.close(state.handle)

    def write_result(self, state):
        with contextlib.suppress(OSError):
            self.result["configSha256"] = digest(slurp(self.live))
            self.note_loaded()
        if self.result["outcome"] == "removed" or not self.remembers():
            state.remove()
        else:
            with contextlib.suppress(OSError):
                state.write("result.json", self.result)

    def note_loaded(self):
        """Which process is known to run with which text: a later look compares both. A run that
        proves nothing passes on what the last one knew."""
        if EXIT[self.result["outcome"]] not in (0, 4) or not hasattr(self, "sources"):
            self.result["loaded"] = self.last_loaded()
            return
        self.result["loaded"] = {"process": life(self.service.main()[0]),
                                 "sources": self.sources_digest()}

    def last_loaded(self):
        with contextlib.suppress(Stop):
            return (self.state.read("result.json") or {}).get("loaded") or {}
        return {}

    def sources_digest(self):
        return digest(b"\0".join(slurp(path) for path in self.sources))

    def unread(self):
        """Whether the running process has not read its files as they are now."""
        if not self.process:
            return False
        loaded, alive = self.last_loaded(), life(self.process)
        if loaded.get("process") == alive:
            return loaded.get("sources") != self.sources_digest()
        # The change time, not the modification time: `mv` and `cp -p` bring an old one along.
        changed = max(os.stat(path).st_ctime for path in self.sources)
        return alive is not None and boottime() - (time.time() - changed) > alive[1] + 2

    def remembers(self):
        """A removal with nothing to remove leaves no folder behind either."""
        return self.verb == "apply" or any(
            os.path.exists(self.state.path(name)) for name in ("record.json", "files.json", "pending"))

    def transaction(self):
        with self.step("lock"):
            self.find_live()
            self.state = State(self.live)
            self.state.lock(self.request["timeouts"]["lockSeconds"])
        with self.step("read"):
            self.state.sweep()
            self.read()
        if self.verb == "remove" and self.left_to():
            self.say("the host is managed %s, which is left as it is" % self.left_to())
            self.step_name, self.left = "done", True
            return "unchanged"
        with self.step("render"):
            self.render()
        self.files.plan(self.refuse)
        restart = bool(self.resumed) and self.restart_due() or self.stale_process()
        if self.new == self.data and not restart and not self.resumed and not self.files.due:
            self.say("unchanged")
            self.step_name = "done"
            return self.settle("unchanged")
        staged = self.new != self.data
        self.guard_owner()
        try:
            if staged:
                with self.step("stage"):
                    self.stage()
            effective = self.check(restart)
            if (staged and self.new == self.data and not restart and not self.resumed
                    and not self.files.due):
                self.say("unchanged: the file says the same in other words")
                self.step_name = "done"
                return self.settle("unchanged")
            return self.change(restart or effective, effective)
        except BaseException:
            self.files.undo()
            raise
        finally:
            self.unstage()

    def check(self, restart):
        """validate, target, guard; answers whether the service would read something else."""
        effective = bool(self.changed) and self.new != self.data
        with self.step("validate") as wanted:
            if wanted and (self.new != self.data or restart):
                effective = self.validate() and self.new != self.data
        if self.files.due:
            with self.step("files"):
                self.files.write()
        with self.step("target") as wanted:
            if wanted:
                self.reach_targets()
        effective = effective or self.asleep()
        if effective or restart:
            with self.step("guard") as wanted:
                self.guard() if wanted else None
        return effective

    def change(self, restart, effective):
        old_data = self.data
        if self.new != old_data:
            with self.step("commit"):
                self.commit(restart)
        try:
            if restart:
                with self.step("restart"):
                    self.restart()
            if restart or self.resumed and self.resumed["phase"] != "quiet":
                with self.step("health") as wanted:
                    self.prove(self.expected()) if wanted else None
        except Stop as stop:
            if stop.outcome != "sick":
                raise
            self.roll_back(stop)
        self.step_name = "done"
        return self.settle("restarted" if restart else "changed"
                           if self.new != old_data or self.files.put else "unchanged")

    def asleep(self):
        """A driver that found no conf or key at its start stays uninitialised until a restart."""
        if not self.files.due or "guard" in self.skip:
            return False
        try:
            rows = self.look(heads=True)
        except Blind:
            return False
        return any(not (rows.get(backend["section"]) or {}).get("isUp") for backend in self.backends)

    def settle(self, outcome):
        """Only what is proven is recorded."""
        back, kept = self.files.settle(self.managed) if self.may_manage() else ([], [])
        self.kept += kept
        self.result["changedFiles"] = sorted(self.files.put + back)
        self.files.undone = []
        if self.verb == "remove":
            self.result["protected"] = False
            touched = self.record is not None or self.resumed or back
            self.state.drop("pending")
            self.state.drop("record.json")
            return "removed" if touched else "unchanged"
        if self.result["protected"] is None and "target" not in self.skip:
            self.result["protected"] = self.targets_known() and self.prior_protection(outcome)
        if self.new_record != self.record or self.resumed:
            if self.new_record is None:
                self.state.drop("record.json")
            else:
                self.state.write("record.json", self.new_record)
        self.state.drop("pending")
        return outcome

    def targets_known(self):
        return bool(self.backends) and all(b.get("target") for b in self.backends)

    def prior_protection(self, outcome):
        """An unchanged host was not asked again: what the last run saw still stands."""
        if outcome != "unchanged":
            return True
        last = self.state.read("result.json") or {}
        return last.get("protected") is not False or not any(
            self.reach(backend["target"]) for backend in self.backends)

    # -- lock and read

    def find_live(self):
        path = self.request["configFile"]
        self.live = os.path.realpath(path)
        if not os.path.exists(self.live):
            raise Stop("refused", "configFile must exist, got '%s'" % path,
                       "install and configure Cinder first, or correct configFile")
        if not stat.S_ISREG(os.stat(self.live).st_mode):
            raise Stop("refused", "configFile must be a regular file, got '%s'" % path,
                       "correct configFile")
        if immutable(self.live):
            raise Stop("refused", "%s is immutable or append-only" % self.live,
                       "chattr -i -a it, or take this host out of the topology")

    def read(self):
        try:
            # A container's user is the container's: the host need not know it, and only root
            # may talk to the engine.
            self.user = (None if self.service.container
                         else pwd.getpwnam(self.request["serviceUser"]))
        except KeyError:
            raise Stop("refused", "serviceUser must be a user of this host, got '%s'" %
                       self.request["serviceUser"], "correct serviceUser")
        reason = self.service.missing()
        if reason:
            raise Stop("refused", reason, "correct the unit's name (systemctl list-units)")
        self.data = slurp(self.live)
        self.text = read_text(self.data, self.live)
        self.warn_if_open(self.live, "passwords")
        self.warn_of_keyrings()
        self.process, words = self.service.main()
        self.read_sources(words)
        self.record, self.resumed = self.state.read("record.json"), None
        self.files = ClientFiles([] if self.verb == "remove" else self.request["files"],
                                 self.state, self.user)
        self.resume()

    def warn_if_open(self, path, holds):
        """A mode is its operator's: one that is too wide is said, and kept as it is."""
        mode = stat.S_IMODE(os.stat(path).st_mode)
        if mode & 0o007:
            self.result["warnings"].append("%s has mode %04o: everybody on this host may %s it, and "
                                           "it holds %s; chmod o-rwx it" % (
                                               path, mode, "write" if mode & 0o002 else "read",
                                               holds))
            self.say(self.result["warnings"][-1])

    def warn_of_keyrings(self):
        """Of those that the push puts there itself, the topology says the mode; a container has its own."""
        if self.service.container:
            return
        ours = {spec["path"] for spec in self.request["files"]}
        paths = {keyring_of(names) for backend in self.backends
                 for names in (backend.get("primary"), backend.get("target")) if names}
        for path in sorted(paths - ours):
            with contextlib.suppress(FileNotFoundError):
                self.warn_if_open(path, "a key")

    def read_sources(self, words):
        arguments = config_arguments(words, self.process) if is_volume(words) else None
        if self.service.container:
            # The container has a copy under a path of its own; the host cannot see the others.
            self.sources = [self.live]
            return
        if arguments is None:
            arguments = [("--config-file", self.live)]
        home = self.user.pw_dir
        self.sources = [os.path.realpath(path) for path in sources_of(arguments, home)]
        count = self.sources.count(self.live)
        if count != 1:
            raise Stop("refused", "configFile must be read once by the running cinder-volume, "
                       "got '%d' times: it reads %s" % (count, ", ".join(self.sources) or "none"),
                       "correct configFile, or the service's --config-file and --config-dir")
        for path in self.sources:
            if path != self.live:
                self.others.append((path, self.sources.index(path) > self.sources.index(self.live)))

    def resume(self):
        """Goes on from a run that was cut off between its pending marker and its proof."""
        pending = self.state.read("pending")
        if pending is None:
            return
        seen = digest(self.data)
        if seen == pending["old"] and pending["phase"] != "rolling back":
            self.say("the last run ended before its change")
            self.state.drop("pending")
            return
        self.say("going on from the last run, which ended while %s" % pending["phase"])
        self.resumed = pending
        if seen == pending["old"]:
            return
        self.record = pending["earlier"] if seen == pending["seen"] else pending["record"]
        self.changed = pending["changed"]

    def restart_due(self):
        if self.resumed["phase"] == "quiet":
            return False
        if self.resumed["phase"] != "restarted":
            return True
        since = started(self.process) if self.process else None
        return since is None or self.resumed["boot"] == boot_id() and since < self.resumed["clock"]

    def stale_process(self):
        """A host may have been edited by hand and not restarted."""
        if self.resumed or not self.process or self.verb == "remove":
            return False
        if self.record is not None:
            stale = self.unread()
            if stale:
                self.say("the running service has not read %s as it is now" % self.live)
            return stale
        since = started(self.process)
        edited = boottime() - (time.time() - os.stat(self.live).st_mtime)
        stale = since is not None and edited > since + 2
        if stale:
            self.say("the running service is older than %s" % self.live)
        return stale

    def manager(self):
        """(stack, name of the host in it) of the last push that came to its end here; "" for what a
        record does not say."""
        said = self.record or next(iter(self.files.record.values()), {})
        return said.get("owner") or "", said.get("host") or ""

    def foreign(self):
        """Whether another stack manages the host."""
        return self.manager()[0] not in ("", self.request["owner"])

    def may_manage(self):
        return not self.foreign() or "otherOwner" in self.consent

    def left_to(self):
        """Who else manages the host, so that this removal has nothing to take away. A host that has got
        another name in its topology is pushed under the new one first, and removed under the old."""
        owner, name = self.manager()
        if self.foreign():
            return "" if self.may_manage() else "by %s" % owner
        return "" if name in ("", self.request["host"]) else "as %s now" % name

    def managed(self, record):
        return record and dict(record, owner=self.request["owner"], host=self.request["host"])

    def guard_owner(self):
        """Two stacks that want different things of one host would take turns for ever."""
        if self.foreign() and self.verb == "apply":
            self.refuse("otherOwner", "the host is managed by %s, and %s wants another "
                        "configuration" % (self.manager()[0], self.request["owner"] or "this run"),
                        "take the host out of one of them")

    # -- render

    def render(self):
        keys = json.loads(json.dumps(self.record["sections"])) if self.record else {}
        said_before = self.said_before()
        pristine = self.pristine(said_before)
        text = read_text(self.data, self.live)
        if self.verb == "remove":
            self.render_removal(text, keys, pristine)
            return
        changed = self.release(text, keys)
        others = [(read_text(slurp(path), path), later) for path, later in self.others]
        for conflict in conflicts(others, text, self.backends):
            raise Stop("refused", conflict, "take it out of one of the two files")
        elsewhere = self.enabled_elsewhere(others, text)
        for section, names in merge(text, self.backends, keys, self.state.folder,
                                    elsewhere).items():
            changed[section] = sorted(set(changed.get(section, []) + names))
        for (section, key), said in said_before.items():
            if key in keys.get(section, {"keys": {}})["keys"]:
                keys[section]["keys"][key]["before"] = [said]
        self.finish_render(text, changed, keys, pristine)

    def render_removal(self, text, keys, pristine):
        changed, self.kept = unmerge(text, keys, lambda section, key: True)
        self.changed.update(changed)
        untouched = self.record and digest(self.data) == self.record["written"]
        self.new = pristine if untouched else str(text).encode("utf-8")
        self.new_record = None
        for name in self.kept:
            self.say("%s was changed by somebody else since; it stays" % name)

    def release(self, text, keys):
        """Puts back the keys and backends that are ours no longer."""
        wanted = {group_of(b["section"]): b["options"] for b in self.backends}
        gone = [name for name in keys if name != "DEFAULT" and group_of(name) not in wanted]
        added = keys.get("DEFAULT", {"keys": {}})["keys"].get("enabled_backends", {})
        names = [n for n in added.get("added", []) if group_of(n) not in wanted]
        changed, self.kept = unmerge(
            text, keys, lambda section, key: section != "DEFAULT" and
            key not in wanted.get(group_of(section), {}))
        changed.update(disable(text, keys, gone + names))
        return changed

    def finish_render(self, text, changed, keys, pristine):
        self.new = str(text).encode("utf-8")
        self.changed.update(changed)
        self.new_record = self.managed(self.record) if self.may_manage() else self.record
        if self.new != self.data:
            self.new_record = keys and self.managed({
                "version": 1, "configFile": self.live, "sections": keys, "written": digest(self.new), "at": now(),
                "original": base64.b64encode(pristine).decode("ascii")}) or None

    def pristine(self, said_before):
        """The file as it would be without us, with every edit that others made since. What they
        did to our keys is no part of it: this run takes those back."""
        if self.record is None:
            return self.data
        if digest(self.data) == self.record["written"]:
            return base64.b64decode(self.record["original"])
        text = read_text(self.data, self.live)
        unmerge(text, json.loads(json.dumps(self.record["sections"])), lambda section, key: True,
                force=True)
        for (section, key), said in said_before.items():
            for item in text.find(section, key)[-1:]:
                text.splice(item.start, item.end, LINE.findall(said))
        return str(text).encode("utf-8")

    def said_before(self):
        """What keys of ours say in the file before us that we never had to write, by section and
        key: somebody may have edited them since."""
        if self.record is None:
            return {}
        before = read_text(base64.b64decode(self.record["original"]), self.live)
        return {(backend["section"], key): before.source(item)
                for backend in self.backends for key, value in backend["options"].items()
                for item in before.find(backend["section"], key)[-1:]
                if same(key, item.value, value) and key not in self.record["sections"].get(
                    backend["section"], {"keys": {}})["keys"]}

    def enabled_elsewhere(self, others, text):
        """enabled_backends is not merged over files: the last file that has it is the list."""
        mine = text.find("DEFAULT", "enabled_backends")
        for other, later in reversed(others):
            items = other.find("DEFAULT", "enabled_backends")
            if items and (later or not mine):
                names = listed(items)
                missing = [b["section"] for b in self.backends if b["section"] not in names]
                if missing:
                    raise Stop(
                        "refused", "[DEFAULT] enabled_backends at %s:%d is the list that the "
                        "service reads, and it lacks '%s' (%s:%s is not read for it)" % (
                            other.path, items[0].start + 1, ", ".join(missing), text.path,
                            mine[0].start + 1 if mine else "no line"),
                        "add it there, or move that list to %s" % text.path)
                return names
        return []

    # -- stage and validate

    def stage(self):
        """Beside the live file, so that the rename cannot cross a file system; not `*.conf`, so
        that no --config-dir reads it."""
        handle, self.staged = tempfile.mkstemp(
            prefix=".%s.cinder-dr-" % os.path.basename(self.live), dir=os.path.dirname(self.live))
        with os.fdopen(handle, "wb") as stream:
            copy_standing(self.live, self.staged)
            stream.write(self.new)
            stream.flush()
            os.fsync(stream.fileno())

    def unstage(self):
        if self.staged:
            with contextlib.suppress(OSError):
                os.unlink(self.staged)
            self.staged = None

    def as_service(self, words):
        """Words as the service's user: in its container, or by a change of user in run()."""
        if self.service.container:
            return [self.service.spec["engine"], "exec", "-i", "-u", self.request["serviceUser"],
                    self.service.spec["name"]] + words
        return words

    def interpreter(self):
        """The Python that has cinder and oslo.config: the container's own, or the host's."""
        if self.service.container:
            return self.service.spec.get("python") or "python3"
        return self.request["python"]

    def ask(self, **question):
        if self.probe is None:
            self.probe = Probe(self.as_service([self.interpreter()]), self.user)
        return self.probe.ask(**question)

    def config(self, path, data):
        if self.service.container:
            return [{"path": self.live, "text": data.decode("utf-8")}]
        return [{"path": path if source == self.live else source} for source in self.sources]

    def validate(self):
        owned = {b["section"]: b["options"] for b in self.backends}
        released = {section: [key for key in keys if key not in owned.get(section, {})]
                    for section, keys in self.changed.items() if section != "DEFAULT"}
        try:
            answer = self.ask(
                do="validate", before=self.config(self.live, self.data),
                after=self.config(self.staged or self.live, self.new), owned=owned,
                released=released, enabled=sorted(owned))
        except Blind as blind:
            raise Stop("refused", "%s cannot judge the configuration: %s" % (
                self.interpreter(), blind), "python must name the interpreter that "
                "cinder-volume runs with (the one that has cinder and oslo.config)")
        for problem in answer["problems"]:
            raise Stop("refused", "Cinder would refuse the configuration: %s" %
                       problem.replace(self.staged or self.live, self.live),
                       "correct the topology or the file")
        for place in answer["unknown"]:
            self.say("%s is no option that this Cinder knows" % place)
        self.check_identity(answer["before"], answer["after"])
        self.before = dict(answer["before"] or {"hosts": {}}, cluster=answer["after"]["cluster"])
        self.leave_alone(answer["changed"])
        return bool(answer["changed"])

    def leave_alone(self, changed):
        """What oslo.config reads the same before and after stays as the operator typed it, or left it
        to a default: nothing of it is ours yet."""
        if changed or self.record is not None or self.resumed:
            return
        self.new, self.new_record, self.changed = self.data, self.record, {}

    def check_identity(self, before, after):
        for backend in self.backends:
            for key in IDENTITY:
                if key in backend["options"]:
                    self.refuse("identityChange", "[%s] %s would give the service another name in "
                                "Cinder's database" % (backend["section"], key),
                                "set it by hand before volumes exist, not through the topology")
        if not before:
            return
        for section, host in before["hosts"].items():
            if section in after["hosts"] and (host, before["cluster"]) != (
                    after["hosts"][section], after["cluster"]):
                self.refuse("identityChange", "%s would become %s" % (
                    host, after["hosts"][section]), "its volumes would be orphaned; put it back")
        gone = [host for section, host in before["hosts"].items()
                if section not in after["hosts"]]
        if gone and "guard" not in self.skip:
            self.check_orphans(gone)

    def check_orphans(self, hosts, why=""):
        try:
            counts = self.ask(do="volumes", hosts=hosts,
                              config=self.config(self.staged or self.live, self.new))
        except Blind as blind:
            self.refuse("guardBlind", "cannot see the volumes of %s: %s" % (
                ", ".join(hosts), blind), "make Cinder's database reachable and run again")
            return
        for host, count in sorted(counts["volumes"].items()):
            if count:
                self.refuse("identityChange", "%d volumes live on %s, which would no longer be "
                            "served%s" % (count, host, why), "retype or migrate them first")

    # -- target and guard

    def reach(self, names):
        """None, or why Ceph cannot be reached by the very names that Cinder will use. A wrong one
        shows in Cinder only at failover, so it is tried here as the service's user."""
        seconds = self.request["timeouts"]["targetSeconds"]
        if not self.service.container:
            if not os.path.isfile(names["conf"]):
                return "%s does not exist on this host" % names["conf"]
            if run(["test", "-r", names["conf"]], 10, self.user).code:
                return "%s is not readable for %s" % (names["conf"], self.user.pw_name)
        ran = run(self.as_service([
            "rbd", "--cluster", names["cluster"], "--conf", names["conf"], "--id", names["user"],
            "-p", names["pool"], "--client-mount-timeout", str(int(seconds)), "ls"]),
            seconds, self.user)
        if ran.code == 127:
            ask = {name: names[name] for name in ("cluster", "conf", "user", "pool")}
            ran = run(self.as_service([self.interpreter(), "-c", REACH, json.dumps(
                dict(ask, seconds=int(seconds)))]), seconds, self.user)
        if ran.code == 0:
            return None
        if ran.code is None:
            return "no answer within %d s" % seconds
        return self.why_unreachable(names, ran.out)

    def why_unreachable(self, names, output):
        keyring = keyring_of(names)
        if "keyring" in output and not self.service.container:
            if not os.path.exists(keyring):
                return "%s does not exist (backend_id is the cluster's name in it)" % keyring
            if run(["test", "-r", keyring], 10, self.user).code:
                return "%s is not readable for %s" % (keyring, self.user.pw_name)
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        said = [line for line in lines if re.search(r"error|rbd:|cannot|unable", line, re.I)]
        return (said or lines or ["rbd failed without a word"])[-1][:300]

    def reach_targets(self):
        for backend in self.backends:
            target = backend.get("target")
            reason = target and self.reach(target)
            if not reason:
                continue
            before = len(self.result["overridden"])
            self.refuse("unreachableTarget", "[%s] the replication target '%s' cannot be reached "
                        "from this host as %s: %s" % (backend["section"], target["cluster"],
                                                      self.request["serviceUser"], reason),
                        "a failover to it would lose the volumes: make `rbd --cluster %s --conf %s "
                        "--id %s -p %s ls` work here as %s" % (
                            target["cluster"], target["conf"], target["user"], target["pool"],
                            self.request["serviceUser"]))
            if len(self.result["overridden"]) > before:
                self.result["protected"] = False

    def look(self, heads=False):
        """The service rows as the database has them now: section -> row."""
        answer = self.ask(do="rows", heads=heads,
                          config=self.config(self.staged or self.live, self.new))
        self.everybody = answer["rows"]
        if heads:
            self.hosts = dict(self.before["hosts"], **answer["hosts"])
            self.enabled = sorted(answer["hosts"])
        return {section: answer["rows"].get(host) for section, host in self.hosts.items()}

    def guard(self):
        """What a restart or this change would take away. Read from the database that the service
        itself uses: every cached view may be older than a failover."""
        try:
            self.rows = self.look(heads=True)
        except Blind as blind:
            self.blind = True
            self.refuse("guardBlind",
                        "cannot see the service rows in Cinder's database: %s" % blind,
                        "make the database reachable from this host and run again")
            self.rows = {}
        for section, row in sorted(self.rows.items()):
            if row and row["replicationStatus"] == "failing-over":
                self.refuse("failingOver", "[%s] is failing over now" % section,
                            "wait for `cinder service-list --withreplication` to show its end")
        self.guard_release()
        self.guard_cluster()
        for backend in self.request["backends"]:
            self.guard_backend(backend)
        if self.verb == "remove":
            self.guard_former()

    def guard_former(self):
        """A section that comes back as it was may name a user or a pool that is there no longer. Its
        driver will not start; that is a loss only where volumes need it."""
        text = read_text(self.new, self.live)
        for section in sorted(self.record["sections"] if self.record else ()):
            names = former_client(text, section)
            reason = self.reach(names) if names and section in self.enabled else None
            if reason:
                self.dead.add(section)
                why = "[%s] as it was before cannot reach its cluster as client.%s: %s" % (
                    section, names["user"], reason)
                self.say("guard: %s" % why)
                self.check_orphans([self.hosts[section]], ": " + why)

    def guard_cluster(self):
        """Members of an active-active cluster serve each other's volumes, so one must stay up. The
        topology has to name the cluster: only then does it push its members one after another."""
        cluster = self.before.get("cluster") or ""
        if self.verb == "apply" and "validate" not in self.skip \
                and cluster != self.request["cluster"]:
            self.refuse("clusterUnnamed", "cinder.conf says cluster '%s', and the topology says "
                        "'%s'" % (cluster, self.request["cluster"]),
                        "write it as hosts.%s.cluster, so that the members are never all pushed "
                        "at once" % self.request["host"])
        others = [row for host, row in self.everybody.items() if cluster
                  and host not in self.hosts.values() and row["cluster"].split("@")[0] == cluster]
        if others and not any(row["isUp"] for row in others):
            self.refuse("lastMember", "no other member of the cluster '%s' is up" % cluster,
                        "bring another member up first: it serves the volumes meanwhile")

    def active(self, section):
        """The active device's backend_id; failback leaves '' where null was (seen in 21.3)."""
        row = (self.rows or {}).get(section) or {}
        found = row.get("activeBackendId") or ""
        return "" if found == "default" else found

    def guard_backend(self, backend):
        section, target = backend["section"], backend.get("target") or {}
        active = self.active(section)
        if active and self.verb == "apply" and active != target.get("backendId"):
            self.refuse("activeDeviceRemoved", "[%s] is failed over to '%s', and this change would "
                        "take that device away: the driver would not start" % (section, active),
                        "fail back first, or keep this backend_id")
        side = target if active and active == target.get("backendId") else backend.get("primary")
        reason = side and self.reach(side)
        if reason:
            self.refuse("activeSideUnreachable", "[%s] its active side '%s' cannot be reached: %s. "
                        "A restart now would take failover away, which needs the running service" %
                        (section, side["cluster"], reason),
                        "fail over first if that site is lost, else bring it back")

    def guard_release(self):
        """Taking the device away while its site is the active one."""
        for section, keys in sorted(self.changed.items()):
            kept = [b for b in self.backends if b["section"] == section]
            if kept and any(key in kept[0]["options"] for key in MULTI):
                continue
            if self.active(section):
                self.refuse("failedOver", "[%s] is failed over to '%s' and cannot be removed" % (
                    section, self.active(section)), "fail back first")

    # -- commit, restart, health

    def commit(self, restart):
        if slurp(self.live) != self.data:
            raise Stop("refused", "%s was changed by somebody else meanwhile" % self.live,
                       "run again")
        if not self.resumed:
            self.state.keep(self.data)
        self.pending = {
            "phase": "committing" if restart else "quiet", "clock": boottime(), "boot": boot_id(),
            "old": self.resumed["old"] if self.resumed else digest(self.data),
            "seen": digest(self.data), "earlier": self.record, "record": self.new_record,
            "changed": self.changed}
        self.state.write("pending", self.pending)
        os.rename(self.staged, self.live)
        self.staged, self.committed = None, True
        sync_dir(os.path.dirname(self.live))
        if restart:
            self.mark("restarting")

    def mark(self, phase, clock=None):
        """What the next run needs to know if this one ends here."""
        pending = getattr(self, "pending", None) or self.resumed
        if pending:
            pending.update(phase=phase, clock=clock or boottime(), boot=boot_id())
            # On a full disk the marker of the commit stays, and that one restarts, too.
            with contextlib.suppress(OSError):
                self.state.write("pending", pending)

    def restart(self):
        self.old_pid, words = self.service.main()
        self.logs = self.log_sizes(words)
        self.log_since, self.restart_clock = time.time(), boottime()
        ran = self.service.restart()
        if ran.code != 0:
            said = (ran.out.strip().splitlines() or [""])[-1][:300]
            raise Stop("sick", "`%s` %s" % (
                " ".join(self.service.words("restart")[:3]),
                "took longer than %d s" % RESTART_SECONDS if ran.code is None
                else "ended with %d: %s" % (ran.code, said)), "")
        self.result["restarted"] = True
        self.mark("restarted", self.restart_clock)

    def expected(self):
        """section -> the replication states that prove it, or None where a heartbeat is enough.
        Other people's backends only have to be as alive as they were before."""
        if self.rows is None or self.blind:
            try:
                self.rows, self.blind = self.look(heads=True), False
            except Blind:
                return {}
        devices = {b["section"]: any(key in b["options"] for key in MULTI) for b in self.backends}
        wanted = {}
        for section in self.enabled:
            if section in devices:
                wanted[section] = ("enabled", "failed-over") if devices[section] else (
                    "disabled", "enabled", "failed-over")
            elif section not in self.dead and (self.rows.get(section) or {}).get("isUp"):
                wanted[section] = None
        return wanted

    def prove(self, wanted):
        """Waits until everything holds at once: a new process, active, and a heartbeat of its own
        for every wanted backend. A broken driver stays `up` for service_down_time (60 s), so only a
        heartbeat counts; an uninitialised driver sends none."""
        if not hasattr(self, "restart_clock"):
            self.restart_clock, self.logs, self.log_since = self.resumed["clock"], {}, time.time()
        deadline = time.monotonic() + self.request["timeouts"]["healthSeconds"]
        base, dead, told, pause = None, 0, 0.0, 0.1
        while True:
            lacking, state, pid = self.process_lacks()
            if not lacking and wanted:
                try:
                    rows = self.look()
                    base = base or rows
                    lacking = self.rows_lack(wanted, base, rows)
                except Blind as blind:
                    lacking = ["the service rows cannot be seen: %s" % blind]
            if not lacking:
                self.result["pid"] = pid
                return
            dead = dead + 1 if state in ("failed", "inactive", "exited", "dead") else 0
            if dead >= 5 or time.monotonic() > deadline:
                raise Stop("sick", "after the restart " + "; ".join(lacking[:3]), "")
            if time.monotonic() > told + 10:
                told = time.monotonic()
                self.say("waiting: %s" % "; ".join(lacking[:3]))
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)

    def process_lacks(self):
        state = self.service.state()
        if state != "active":
            return ["the service is '%s'" % state], state, None
        pid = self.service.main()[0]
        since = started(pid) if pid else None
        if pid and since is not None and since < self.restart_clock - 0.05:
            return ["process %d is older than the restart" % pid], state, pid
        if self.old_pid and not pid:
            return ["the service has no process"], state, pid
        return [], state, pid

    def rows_lack(self, wanted, base, rows):
        lacking = []
        for section, states in sorted(wanted.items()):
            row, first = rows.get(section), base.get(section) or {"reportCount": 0, "updatedAt": ""}
            if row is None:
                lacking.append("[%s] has no service row" % section)
            elif states and row["replicationStatus"] not in states:
                lacking.append("[%s] replication_status is '%s'" % (
                    section, row["replicationStatus"]))
            elif (row["reportCount"] <= first["reportCount"]
                  or row["updatedAt"] <= first["updatedAt"]):
                lacking.append("[%s] has sent no heartbeat" % section)
        return lacking

    # -- rollback

    def roll_back(self, sick):
        step, cause = self.step_name, self.log_cause()
        reason = sick.what + (" (its log: %s)" % cause if cause else "")
        kept = self.state.path("last-known-good")
        if not (self.committed or self.resumed) or not os.path.exists(kept):
            raise Stop("failed", reason, "the file was not changed by this run: look into the "
                       "service's log, correct it and run again")
        self.say("%s failed: %s; rolling back" % (step, reason))
        since = time.monotonic()
        self.files.undo()
        try:
            self.put_back(kept)
        except OSError as error:
            # Somebody has made the file immutable or its file system read-only since the commit.
            self.step_name = step
            raise Stop("failed", "%s; and the last known good file cannot be put back: %s: %s" % (
                reason, self.live, error.strerror),
                       "the refused file is live: make %s writable and run again, or copy %s over "
                       "it and restart the service" % (self.live, kept))
        try:
            self.restart()
            self.mark("rolling back", self.restart_clock)
            if "health" not in self.skip:
                self.prove({section: None for section, row in (self.rows or {}).items()
                            if row and row["isUp"] and section in self.before_sections()})
        except Stop as second:
            self.step_name = step
            raise Stop("failed", "%s; and the last known good configuration does not come up "
                       "either: %s" % (reason, second.what),
                       "the cause is elsewhere: look into the service's log; %s is live again, the "
                       "refused file is %s" % (kept, self.state.path("rejected")))
        self.state.drop("pending")
        self.step_name, self.changed = step, {}
        self.result["durations"]["rollback"] = round(time.monotonic() - since, 2)
        self.say("rolled back, the service runs as before")
        raise Stop("rolled-back", reason,
                   "the host runs as before; correct the cause and run again")

    def put_back(self, kept):
        with contextlib.suppress(OSError):
            write_whole(self.state.path("rejected"), slurp(self.live))
        self.mark("rolling back")
        try:
            write_whole(self.live, slurp(kept), like=self.live)
        except OSError:
            # A full disk has no room for a copy: then the kept file itself goes back.
            copy_standing(self.live, kept)
            os.rename(kept, self.live)
            sync_dir(os.path.dirname(self.live))
        self.new = self.data = slurp(self.live)

    def before_sections(self):
        return self.before["hosts"] or {section: None for section in self.hosts}

    # -- the service's own words

    def log_sizes(self, words):
        paths = ["/var/log/cinder/cinder-volume.log"]
        if self.service.kind == "systemd":
            paths += glob.glob("/var/log/journal/*%s*.log" % glob.escape(self.service.spec["unit"]))
        for at, word in enumerate(words):
            if word.startswith("--log-file="):
                paths.append(word.partition("=")[2])
            elif word == "--log-file":
                paths += words[at + 1:at + 2]
        return {path: os.path.getsize(path) for path in set(paths) if os.path.isfile(path)}

    def log_lines(self):
        text = ""
        for path, size in sorted(self.logs.items()):
            with contextlib.suppress(OSError):
                with open(path, "rb") as stream:
                    stream.seek(size if size <= os.path.getsize(path) else 0)
                    text += stream.read(2000000).decode("utf-8", "replace") + "\n"
        since = "@%d" % self.log_since
        if self.service.kind == "systemd" and shutil.which("journalctl", path=SAFE_PATH):
            text += run(["journalctl", "-q", "-u", self.service.spec["unit"], "--since", since,
                         "-o", "cat", "-n", "200", "--no-pager"], 10).out
        elif self.service.container:
            text += run([self.service.spec["engine"], "logs", "--tail", "200",
                         self.service.spec["name"]], 10).out
        return [line for line in text.splitlines()
                if re.search(r" (ERROR|CRITICAL) |(Error|Exception|NotFound|Denied)\b", line)]

    def log_cause(self):
        """Says the last errors of the service, and answers the one that names the cause."""
        lines, seen = [], set()
        for line in self.log_lines() if hasattr(self, "logs") else []:
            text = re.sub(r"^.*? (?:ERROR|CRITICAL) \S+ (?:\[[^\]]*\] ?)?", "", line)[:300]
            # A traceback is logged line by line: only its last line, at the margin, says the cause.
            if text[:1].isspace() or text.startswith("Traceback ") or text in seen or not text:
                continue
            seen.add(text)
            lines.append(text.strip())
        for line in lines[-10:]:
            self.say("log: %s" % line)
        named = [line for line in lines if re.match(r"[\w.]*(Error|Exception|NotFound|Denied)\w*: ",
                                                    line)]
        return (named or lines or [""])[-1]


def describe(path, user):
    """A file as it stands, never its content. `readable`: for the service's user."""
    try:
        seen = os.stat(path)
    except OSError as error:
        return {"path": path, "there": False, "why": error.strerror}
    return {"path": path, "there": True, "mode": "%04o" % stat.S_IMODE(seen.st_mode),
            "owner": "%s:%s" % (name_of(pwd.getpwuid, seen.st_uid),
                                name_of(grp.getgrgid, seen.st_gid)),
            "readable": run(["test", "-r", path], 10, user).code == 0}


def name_of(look_up, number):
    try:
        return look_up(number)[0]
    except KeyError:
        return str(number)


def ini_value(path, section, key):
    """One value of a ceph.conf or keyring, or None. Ceph reads `mon host` and `mon_host` alike."""
    here, wanted = None, key.replace(" ", "_")
    try:
        lines = slurp(path).decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    for line in lines:
        line = line.strip()
        if line.startswith("["):
            here = line.strip("[]").strip()
        name, equals, value = line.partition("=")
        if equals and here == section and name.strip().replace(" ", "_") == wanted:
            return value.strip()
    return None


class Inspect(Apply):
    """Says what a push would find and change. Takes no lock, writes nothing, restarts nothing."""

    def __init__(self, request, say):
        Apply.__init__(self, request, "inspect", say)
        self.seen = {"version": 1, "host": request["host"], "problem": None, "next": None,
                     "file": None, "sections": {}, "service": None, "clients": [], "at": now()}

    def run(self):
        try:
            self.inspect()
        except Stop as stop:
            self.seen.update(problem=redact(stop.what, self.words),
                             next=redact(stop.then, self.words))
        except OSError as error:
            self.seen["problem"] = "%s: %s" % (error.filename, error.strerror or error)
        finally:
            if self.probe is not None:
                self.probe.close()
        return self.seen

    def inspect(self):
        self.find_live()
        self.state = State(self.live)
        self.read()
        self.seen["file"] = describe(self.live, self.user)
        self.seen["service"] = self.see_service()
        self.seen["clients"] = [self.see_client(backend["section"], side, backend[side])
                                for backend in self.backends for side in ("primary", "target")
                                if backend.get(side)]
        if self.request.get("adopt"):
            self.seen["configured"] = self.see_configured()
        self.render()
        as_wanted = (self.new == self.data
                     or self.record is None and self.reads_the_same())
        for backend in self.backends:
            self.seen["sections"][backend["section"]] = self.see_section(backend, as_wanted)

    def resume(self):
        """A push that was cut off is left for the next push; here it is only said."""
        pending = self.state.read("pending")
        self.seen["pending"] = pending and pending["phase"]

    def see_configured(self):
        """Every enabled backend as cinder-volume reads it, for a topology that has none yet."""
        try:
            answer = self.ask(do="configured", config=self.config(self.live, self.data),
                              driver=RBD_DRIVER)
        except Blind as blind:
            raise Stop("refused", "%s cannot read the configuration: %s" % (
                self.interpreter(), blind), "python must name the interpreter that "
                "cinder-volume runs with (the one that has cinder and oslo.config)")
        for seen in answer["backends"]:
            if seen["driver"] == RBD_DRIVER:
                seen["options"], seen["left"] = self.further(seen.pop("known"), seen["section"],
                                                             seen["values"])
        return answer["backends"]

    def further(self, known, section, own):
        """What else the section sets: options that a topology can name, and the names of those that it
        cannot, which are secret, unknown, about the service's name, or no plain line."""
        found = {}
        for path in self.sources:
            text = self.text if path == self.live else read_text(slurp(path), path)
            for item in text.items:
                if item.key is not None and group_of(item.section) == group_of(section):
                    found[item.key] = item.value
        for key in (("volume_driver",) + MULTI + tuple(own)):
            found.pop(key, None)
        plain = {key: text for key, text in found.items()
                 if key in known and key not in IDENTITY and not re.search(r"[$\n]", text)}
        return plain, sorted(set(found) - set(plain))

    def see_section(self, backend, as_wanted):
        section, keys = backend["section"], {}
        for key, value in sorted(backend["options"].items(), key=order):
            items = self.text.find(section, key)
            held = items if key in MULTI else items[-1:]
            if not (len(held) == 1 and same(key, held[0].value, value)):
                keys[key] = [self.shown(key, item.value) for item in held]
        listed_now = "enabled_backends" not in self.changed.get("DEFAULT", [])
        return {"keys": {} if as_wanted else keys, "enabled": as_wanted or listed_now,
                "host": self.service_host(section)}

    def shown(self, key, value):
        """A value as reports show it: replication_device is a secret option for Cinder, so of it
        only the parts that cannot be one."""
        if key in MULTI:
            parts = pairs(value) or {}
            return ",".join("%s:%s" % (name, parts[name] if name in ("backend_id", "conf", "user")
                                       else "***") for name in parts) or "***"
        return "***" if re.search("secret|password|key", key) else redact(value, self.words)[:200]

    def reads_the_same(self):
        """Whether oslo.config reads the file as it is like the file as a push would write it."""
        if "validate" in self.skip:
            return False
        owned = {b["section"]: b["options"] for b in self.backends}
        try:
            answer = self.ask(do="validate", before=self.config(self.live, self.data),
                              after=self.config(self.live, self.new), owned=owned, released={},
                              enabled=sorted(owned))
        except Blind:
            return False
        return not answer["changed"] and not answer["problems"]

    def config(self, path, data):
        return [{"path": source, "text": data.decode("utf-8")} if source == self.live
                else {"path": source} for source in self.sources]

    def service_host(self, section):
        """`host@section` as Cinder's database calls it."""
        host = socket.gethostname()
        for path in self.sources:
            text = self.text if path == self.live else read_text(slurp(path), path)
            for place in (("DEFAULT", "host"), (section, "backend_host")):
                for item in text.find(*place)[-1:]:
                    host = item.value or host
        return "%s@%s" % (host, section)

    def see_service(self):
        return {"state": self.service.state(), "pid": self.process, "unread": self.unread()}

    def see_client(self, section, side, names):
        """Ceph as Cinder will reach it: its two files, and whether `rbd ls` works with them."""
        keyring = keyring_of(names)
        seen = {"section": section, "side": side, "files": [], "fsid": None, "keySha256": None}
        if not self.service.container:
            seen["files"] = [describe(names["conf"], self.user), describe(keyring, self.user)]
            seen["fsid"] = ini_value(names["conf"], "global", "fsid")
            key = ini_value(keyring, "client.%s" % names["user"], "key")
            seen["keySha256"] = key and digest(key.encode("utf-8"))
        reason = None if "target" in self.skip else self.reach(names)
        seen["unreachable"] = reason and redact(reason, self.words)
        return seen


def asked(request):
    """Tells one desired state of this host from another."""
    return digest(json.dumps(request["backends"], sort_keys=True).encode("ascii"))


def report(request):
    """How the last push of this host ended, and whether it was of this very desired state."""
    state = State(os.path.realpath(request["configFile"]))
    seen = {"version": 1, "host": request["host"], "result": None, "asked": False,
            "pending": None, "holder": None, "problem": None}
    try:
        seen["result"] = state.read("result.json")
        seen["pending"] = (state.read("pending") or {}).get("phase")
        seen["holder"] = state.held()
    except (Stop, OSError) as error:
        seen["problem"] = str(error)
    seen["asked"] = (seen["result"] or {}).get("asked") == asked(request)
    return seen


class Pipe(object):
    """What the worker says goes to the foreground, as long as there is one."""

    def __init__(self, handle):
        self.handle = handle
        os.set_blocking(handle, False)

    def send(self, kind, text):
        with contextlib.suppress(OSError):
            line = json.dumps(text).encode("ascii")
            while line:
                chunk, line = line[:4000], line[4000:]
                os.write(self.handle, (kind if not line else "+").encode() + chunk + b"\n")


def work(request, verb, pipe):
    """The run itself. It belongs to no SSH session: a lost connection must not stop it half-way."""
    apply = Apply(request, verb, lambda text: pipe.send("p", text))
    try:
        result = apply.run()
    except BaseException as error:
        trace = sys.exc_info()[2]
        while trace.tb_next:
            trace = trace.tb_next
        apply.failed("failed", "%s in %s, line %d: %s" % (
            type(error).__name__, trace.tb_frame.f_code.co_name, trace.tb_lineno, error),
            "this is a defect of cinder-dr: keep this message; the next run goes on from here")
        result = dict(apply.result, step=apply.step_name, at=now())
    pipe.send("r", result)


def detach(request, verb):
    """Starts the worker in a session of its own and answers the reading end of its pipe."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        os.close(writer)
        os.waitpid(child, 0)
        return reader
    os.setsid()
    if os.fork():
        os._exit(0)
    try:
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.close(reader)
        os.chdir("/")
        os.umask(0o022)
        work(request, verb, Pipe(writer))
    finally:
        os._exit(0)


def relay(reader, host, seconds):
    """Passes progress on; answers the result, or None if none came in time."""
    deadline, buffer, text = time.monotonic() + seconds, b"", ""
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return "late"
        if not select.select([reader], [], [], left)[0]:
            continue
        data = os.read(reader, 65536)
        if not data:
            return None
        *lines, buffer = (buffer + data).split(b"\n")
        for line in lines:
            kind, text = line[:1], text + line[1:].decode("ascii")
            if kind == b"+":
                continue
            said, text = json.loads(text), ""
            if kind == b"r":
                return said
            complain("%s: %s" % (host, said))


def complain(line):
    sys.stderr.buffer.write(line.encode("utf-8", "replace") + b"\n")
    sys.stderr.buffer.flush()


def finish(result, code=None):
    code = EXIT[result["outcome"]] if code is None else code
    if not code:
        sys.stdout.write("CINDER_DR_RESULT %s\n" % json.dumps(result, sort_keys=True))
        sys.stdout.flush()
    else:
        complain("cinder-dr: %s: %s: %s%s%s" % (
            result["host"], result["step"], result["reason"],
            "; rolled back" if code == 4 else "",
            "; " + result["next"] if result["next"] else ""))
    return code


def lost(request, why, then):
    return {"version": 1, "host": request["host"], "outcome": "failed", "step": "wait",
            "reason": why, "next": then, "at": now()}


def main(arguments, data):
    verb = arguments[1] if len(arguments) > 1 else ""
    host = ""
    try:
        demand(verb in ("apply", "remove", "inspect", "report"), "the verb",
               "be apply, remove, inspect or report", verb)
        with contextlib.suppress(ValueError, AttributeError):
            host = str(json.loads(data.decode("utf-8")).get("host", ""))
        request = parse(data)
    except BadRequest as error:
        return finish({"version": 1, "host": host, "outcome": "failed", "step": "parse",
                       "reason": str(error), "next": "correct the topology", "at": now()}, 2)
    if verb in ("inspect", "report"):
        seen = report(request) if verb == "report" else Inspect(request, lambda text: None).run()
        sys.stdout.write("CINDER_DR_RESULT %s\n" % json.dumps(seen, sort_keys=True))
        return 0
    seconds = request["timeouts"]["applySeconds"]
    result = relay(detach(request, verb), request["host"], seconds)
    if result == "late":
        result = lost(request, "not finished within %g s; the host goes on by itself and finishes "
                      "or rolls back" % seconds, "run again: the next run goes on from its outcome")
    elif result is None:
        result = lost(request, "the worker on the host ended without a result",
                      "run again: the next run goes on from here")
    return finish(result)


if __name__ == "__main__":
    sys.exit(main(sys.argv, sys.stdin.buffer.read()))
