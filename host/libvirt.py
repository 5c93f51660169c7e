"""Defines libvirt's secrets on a compute host, so that it can attach volumes as their Ceph users.

Fed on stdin: libvirt.py apply|remove < request.json
Self-contained: one SSH session carries this file and its request, and nothing is installed.
Standard library only, Python 3.6 and later. A key goes to virsh on stdin (`--file /dev/stdin`, libvirt
6.2), never as a word and into no file.

What cinder-dr defines is written down first in /var/lib/cinder-dr/libvirt.json: only that is taken back.
One line `CINDER_DR_RESULT {json}` goes to stdout.
Exit: 0 done, 1 failed, 2 bad request, 3 refused (nothing changed).
"""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

SAFE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
COMMAND_SECONDS = 60
KEY = re.compile(r"\bA[Qg][A-Za-z0-9+/]{20,}={0,2}")

# Names of uuid, site and user are checked before they get here: none has a character that XML would read.
XML = """<secret ephemeral='no' private='no'>
  <uuid>%(uuid)s</uuid>
  <description>Ceph user %(user)s of site %(site)s, by cinder-dr</description>
  <usage type='ceph'><name>client.%(user)s %(uuid)s</name></usage>
</secret>
"""


class Stop(Exception):
    """Ends the push: what was seen, what the operator does next."""

    def __init__(self, what, then, refused=False):
        Exception.__init__(self, what)
        self.what, self.then, self.refused = what, then, refused


class Libvirt(object):
    """virsh as this host runs it, perhaps in a container."""

    def __init__(self, request):
        self.prefix, self.uri = list(request["commandPrefix"]), request["uri"]
        self.changed = False

    def attempt(self, verb, *args, **more):
        words = self.prefix + ["virsh", "-q", "-c", self.uri, verb] + list(args)
        environment = {"PATH": SAFE_PATH, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        try:
            child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, cwd="/", env=environment,
                                     start_new_session=True)
        except OSError as error:
            raise Stop("`%s` cannot be run: %s" % (words[0], error.strerror),
                       "install libvirt-clients, or name the container in commandPrefix",
                       not self.changed)
        try:
            out, err = child.communicate(more.get("stdin", "").encode("utf-8"), COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            raise Stop("`virsh %s` gave no answer within %d s" % (verb, COMMAND_SECONDS),
                       "look at libvirtd, then run again", not self.changed)
        return child.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def ask(self, verb, *args, **more):
        code, out, err = self.attempt(verb, *args, **more)
        if code != 0:
            raise Stop("`virsh %s` ended with %d: %s" % (verb, code, said(err)),
                       "correct the cause, then run again; libvirt must be 6.2 or later",
                       not self.changed)
        return out

    def act(self, verb, *args, **more):
        self.changed = True
        return self.ask(verb, *args, **more)

    def uuids(self):
        return set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                              self.ask("secret-list").lower()))

    def value(self, uuid):
        """A secret's value, or None: it has none yet, or is private."""
        code, out, err = self.attempt("secret-get-value", uuid)
        if code == 0:
            return out.strip()
        if re.search(r"no secret value|does not have a value|is private|not found", err, re.I):
            return None
        raise Stop("`virsh secret-get-value` ended with %d: %s" % (code, said(err)),
                   "correct the cause, then run again", not self.changed)


def said(err):
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    return KEY.sub("***", (lines or ["no word of it"])[-1])[:300]


class Record(object):
    """What was defined from here, by whom, and what that stack called this host in its last push."""

    def __init__(self, path, owner, where):
        self.path, self.owner, self.where = path, owner, where

    def all(self):
        try:
            with open(self.path) as stream:
                return json.load(stream)
        except FileNotFoundError:
            return {}

    def entry(self):
        """An entry of before names only the secrets."""
        entry = self.all().get(self.owner, [])
        return entry if isinstance(entry, dict) else {"uuids": entry, "where": ""}

    def mine(self):
        return self.entry()["uuids"]

    def take_over(self):
        if self.mine() and self.entry()["where"] != self.where:
            self.keep(self.mine(), self.where)

    def left_to(self):
        """The name of this host in its stack's last push, where that is another one."""
        name = self.entry()["where"]
        return "" if name == self.where else name

    def keep(self, uuids, where=None):
        where = self.entry()["where"] if where is None else where
        whole = dict(self.all(), **{self.owner: {"uuids": sorted(uuids), "where": where}})
        if not uuids:
            del whole[self.owner]
        if not whole:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
            return
        folder = os.path.dirname(self.path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, temp = tempfile.mkstemp(prefix=".libvirt-", dir=folder)
        with os.fdopen(handle, "w") as stream:
            json.dump(whole, stream)
            stream.flush()
            os.fsync(handle)
        os.rename(temp, self.path)


def judge(libvirt, record, secrets):
    """(secret, present value or None) of what must change; refused before the first change."""
    there, mine, todo = libvirt.uuids(), record.mine(), []
    for secret in secrets:
        uuid = secret["uuid"]
        value = libvirt.value(uuid) if uuid in there else None
        if value == secret["key"]:
            continue
        if uuid in there and uuid not in mine:
            raise Stop("secret %s is there with another value, and was not defined from here" % uuid,
                       "`virsh secret-undefine %s` if nothing needs it, or name another secretUuid"
                       % uuid, refused=True)
        todo.append((secret, uuid in there))
    return todo


def apply(libvirt, record, request):
    todo = judge(libvirt, record, request["secrets"])
    for secret, there in todo:
        uuid = secret["uuid"]
        if not there:
            # Before it is made, so that a killed run leaves nothing of ours unwritten.
            record.keep(set(record.mine()) | {uuid})
            libvirt.act("secret-define", "/dev/stdin", stdin=XML % secret)
        libvirt.act("secret-set-value", uuid, "--file", "/dev/stdin", stdin=secret["key"])
        if libvirt.value(uuid) != secret["key"]:
            raise Stop("secret %s has another value than it was given" % uuid, "run again")
    record.take_over()
    return {"changed": [secret["uuid"] for secret, _ in todo]}


def remove(libvirt, record, request):
    if record.left_to():
        # Under its new name the host was pushed first.
        sys.stderr.write("cinder-dr: %s: libvirt secrets: they are %s's now, and are left as they "
                         "are\n" % (request["where"], record.left_to()))
        return {}
    there = libvirt.uuids()
    for uuid in record.mine():
        if uuid in there:
            libvirt.act("secret-undefine", uuid)
        record.keep(set(record.mine()) - {uuid})
    return {}


def main(arguments, data):
    verb = (arguments[1:2] or [""])[0]
    if verb not in ("apply", "remove"):
        sys.stderr.write("cinder-dr: must be apply or remove, got '%s'\n" % verb)
        return 2
    request = json.loads(data.decode("utf-8"))
    libvirt = Libvirt(request)
    record = Record(request.get("record") or "/var/lib/cinder-dr/libvirt.json", request["owner"],
                    request["where"])
    try:
        result = (apply if verb == "apply" else remove)(libvirt, record, request)
    except Stop as stop:
        sys.stderr.write("cinder-dr: %s: libvirt secrets: %s; %s%s\n" % (
            request["where"], stop.what, stop.then,
            " (nothing was changed)" if stop.refused else ""))
        return 3 if stop.refused else 1
    except OSError as error:
        sys.stderr.write("cinder-dr: %s: libvirt secrets: %s: %s\n" % (
            request["where"], error.filename, error.strerror))
        return 1
    sys.stdout.write("CINDER_DR_RESULT %s\n" % json.dumps(result, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv, sys.stdin.buffer.read()))
