"""Brings one part of one Ceph cluster to its desired state, or leaves it as it was.

Runs on a site's admin host, or on a host of rbd-mirror, fed on stdin:
    ceph.py STEP apply|remove < request.json
Self-contained: one SSH session carries this file and its request, and nothing is installed.
Standard library only, Python 3.6 and later. Commands are words, never a shell's line; each is bounded
in time, because a dead cluster blocks a client for 300 s; secrets go through stdin, never as words.

What cinder-dr made is marked in the cluster itself (`ceph config-key`, below cinder-dr/), before it is
made: only marked things are taken back. One line `CINDER_DR_RESULT {json}` goes to stdout.
Exit: 0 done, 1 failed, 2 bad request, 3 refused (nothing changed by this step).
"""
import base64
import contextlib
import hashlib
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time

SAFE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CONNECT_SECONDS = 15
COMMAND_SECONDS = 60
OCTOPUS = 15                # the first with `rbd mirror pool peer bootstrap` on every platform
IMPORTS = 3                 # at most
IMPORT_PAUSE_SECONDS = 5    # a daemon whose peers change begins anew, and pings, within some seconds
PEER_USER = "rbd-mirror-peer"       # librbd's own name for it
# librbd's own places in the cluster (src/librbd/api/Mirror.cc)
SITE_NAME_KEY = "rbd/mirror/site_name"
PEER_CLIENT_KEY = "rbd/mirror/peer_client_id"
PEERS_KEY = "rbd/mirror/peer/"
ENOENT = 2
GONE = "not reporting status"       # rbd's word for a daemon that the service map still has

SECRETS = [(re.compile(r"\bA[Qg][A-Za-z0-9+/]{20,}={0,2}"), "***"),
           (re.compile(r"\beyJ[A-Za-z0-9+/]{20,}={0,2}"), "***")]


class Stop(Exception):
    """Ends the step: what was seen, what the operator does next; refused when nothing was changed."""

    def __init__(self, what, then, refusal=None, refused=True):
        Exception.__init__(self, what)
        self.what, self.then, self.refusal, self.refused = what, then, refusal, refused


def redact(text):
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


class Ran(object):
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def said(self):
        """The line of stderr that names the cause; Ceph's clients log a lot around it."""
        lines = [re.sub(r"^\d{4}-\d\d-\d\dT\S+ \S+ +-?\d+ ", "", line).strip()
                 for line in self.err.splitlines() if line.strip()]
        named = [line for line in lines if re.search(r"error|cannot|failed|denied|unable|timed out",
                                                     line, re.I)]
        return redact((named or lines or ["no word of it"])[0])[:300]


def run(words, seconds=COMMAND_SECONDS, stdin=""):
    """Runs words; the exit code is None when it took too long."""
    environment = {"PATH": SAFE_PATH, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
                   "HOME": os.path.expanduser("~")}
    try:
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, cwd="/", env=environment,
                                 start_new_session=True)
    except OSError as error:
        return Ran(127, "", "%s: %s" % (words[0], error.strerror))
    try:
        out, err = child.communicate(stdin.encode("utf-8"), timeout=seconds)
        code = child.returncode
    except subprocess.TimeoutExpired:
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        code = None
    return Ran(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


class Cluster(object):
    """One cluster as its admin host reaches it."""

    def __init__(self, site, owner):
        self.site, self.owner, self.changed = site, owner, False

    def words(self, tool):
        site = self.site
        return list(site["commandPrefix"]) + [
            tool, "--cluster", site["clusterName"], "--conf", site["conf"], "--id",
            site["cephUser"]] + (["--keyring", site["keyring"]] if site.get("keyring") else [])

    def attempt(self, tool, *args, **more):
        bound = "--connect-timeout" if tool == "ceph" else "--client-mount-timeout"
        ran = run(self.words(tool) + [bound, str(CONNECT_SECONDS)] + list(args),
                  stdin=more.get("stdin", ""))
        if ran.code in (126, 127):
            raise Stop("`%s` cannot be run on %s: %s" % (tool, self.site["name"], ran.said()),
                       "the admin host must have ceph-common, or commandPrefix must lead to it",
                       refused=not self.changed)
        if ran.code is None:
            raise Stop("`%s %s` gave no answer within %d s" % (tool, args[0], COMMAND_SECONDS),
                       "look at the cluster, then run again", refused=not self.changed)
        if re.search(r"couldn't connect|timed out|error connecting|can't open|unable to open config",
                     ran.err) and ran.code != 0:
            raise Stop("the cluster cannot be reached as client.%s with %s: %s" % (
                self.site["cephUser"], self.site["conf"], ran.said()),
                "make `%s` work on the admin host" % " ".join(self.words("ceph")[-7:] + ["-s"]),
                refused=not self.changed)
        return ran

    def ask(self, tool, *args, **more):
        ran = self.attempt(tool, *args, **more)
        if ran.code != 0:
            raise Stop("`%s %s` ended with %s: %s" % (tool, " ".join(args[:4]), ran.code,
                                                      ran.said()),
                       "correct the cause, then run again", refused=not self.changed)
        return ran.out

    def act(self, tool, *args, **more):
        self.changed = True
        return self.ask(tool, *args, **more)

    def json(self, tool, *args):
        return json.loads(self.ask(tool, *(args + ("--format", "json"))))

    # -- marks: what is ours

    def mark_key(self, thing):
        return "cinder-dr/%s/%s" % (self.owner, thing)

    def mark(self, thing, **what):
        """Before the thing is made, so that a killed run leaves nothing of ours unmarked. The first
        mark stays: it knows what was there before us."""
        if self.marked(thing) is None:
            self.act("ceph", "config-key", "set", self.mark_key(thing), "-i", "-",
                     stdin=json.dumps(what, sort_keys=True))

    def marked(self, thing):
        ran = self.attempt("ceph", "config-key", "get", self.mark_key(thing))
        return json.loads(ran.out) if ran.code == 0 else None

    def unmark(self, thing):
        if self.marked(thing) is not None:
            self.act("ceph", "config-key", "rm", self.mark_key(thing))

    def key(self, name):
        ran = self.attempt("ceph", "config-key", "get", name)
        return ran.out.strip() if ran.code == 0 else None

    def any_peers(self):
        """Of the old kind, too (`peer add`): of those the cluster's keys say nothing."""
        if any(key.startswith(PEERS_KEY) for key in self.json("ceph", "config-key", "ls")):
            return True
        return any(self.info(pool).get("peers") for pool in self.rbd_pools())

    def rbd_pools(self):
        return [pool for pool in self.pools() if "rbd" in self.json(
            "ceph", "osd", "pool", "application", "get", pool)]

    # -- facts

    def fsid(self):
        return self.ask("ceph", "fsid").strip()

    def pools(self):
        return self.json("ceph", "osd", "pool", "ls")

    def info(self, pool):
        return self.json("rbd", "mirror", "pool", "info", pool)

    def mirrored(self, pool):
        """How many images of the pool are mirrored."""
        if self.info(pool)["mode"] == "disabled":
            return 0
        status = self.json("rbd", "mirror", "pool", "status", pool)
        return sum(status["summary"].get("states", {}).values())

    def images(self, pool):
        """What lives in a pool: images, also those in its trash and its namespaces."""
        return (self.json("rbd", "ls", pool) + self.json("rbd", "trash", "ls", pool)
                + self.json("rbd", "namespace", "ls", pool))

    def user(self, name):
        """Key and caps of a user, or None."""
        ran = self.attempt("ceph", "auth", "get", "client." + name, "--format", "json")
        if ran.code == ENOENT:
            return None
        if ran.code != 0:
            raise Stop("`ceph auth get client.%s` ended with %d: %s" % (name, ran.code, ran.said()),
                       "client.%s must be an admin of this cluster" % self.site["cephUser"],
                       refused=not self.changed)
        return json.loads(ran.out)[0]


# ---- step: survey -----------------------------------------------------------
def survey(cluster, request):
    """Looks at everything that could stop a later step, before any step changes anything."""
    release = release_of(cluster)
    fsid = cluster.fsid()
    wanted = cluster.site.get("fsid")
    if wanted and wanted != fsid:
        raise Stop("the cluster's fsid is '%s', the topology says '%s'" % (fsid, wanted),
                   "correct sites.%s: adminHost, clusterName or fsid" % cluster.site["role"])
    if request.get("otherFsid") == fsid:
        raise Stop("both sites are the cluster with fsid '%s'" % fsid,
                   "correct sites.%s: one cluster cannot be its own peer" % cluster.site["role"])
    for pool in request["pools"]:
        facts = check_pool(cluster, pool, request)
        if facts is not None:
            lame_peer(cluster, request, pool["name"], peer_of(facts, request["otherSite"]))
    check_users(cluster, request)
    conf = cluster.ask("ceph", "config", "generate-minimal-conf")
    mons = re.search(r"^\s*mon_host\s*=\s*(.+)$", conf, re.M)
    if not mons:
        raise Stop("`ceph config generate-minimal-conf` names no mon_host", "look at the monitors")
    return {"fsid": fsid, "release": release, "monHost": mons.group(1).strip()}


def release_of(cluster):
    found = re.search(r"ceph version (\d+)\.(\d+)", cluster.ask("ceph", "--version"))
    if not found:
        raise Stop("`ceph --version` names no version", "look at the admin host's ceph")
    lacking = cluster.attempt("rbd", "help", "mirror", "pool", "peer", "bootstrap", "import")
    if lacking.code != 0 or int(found.group(1)) < OCTOPUS:
        raise Stop("Ceph must be Octopus (15) or later: `rbd mirror pool peer bootstrap` is needed, "
                   "got %s.%s" % found.groups(), "upgrade the admin host's ceph-common and the cluster")
    return int(found.group(1))


def look_at_pool(cluster, name):
    if name not in cluster.pools():
        return None
    facts = cluster.info(name)
    facts.setdefault("peers", [])
    facts["applications"] = sorted(cluster.json("ceph", "osd", "pool", "application", "get", name))
    # The command shows the fsid where no site name is set.
    facts["site_name"] = cluster.key(SITE_NAME_KEY)
    return facts


def check_pool(cluster, pool, request):
    """Facts of a pool that may become mirrored; refuses what would lose protection or data."""
    name, consent = pool["name"], request["consent"]
    facts = look_at_pool(cluster, name)
    if facts is None:
        if pool.get("create") is None:
            raise Stop("pool '%s' must exist on site '%s'" % (name, cluster.site["name"]),
                       "make it, or let mirroring.createPools make it")
        return None
    if facts["applications"] and "rbd" not in facts["applications"]:
        raise Stop("pool '%s' belongs to application '%s', not to rbd" % (
            name, ", ".join(facts["applications"])), "name another pool")
    if facts["mode"] == "pool" and "changeMode" not in consent:
        raise Stop("pool '%s' is mirrored in mode 'pool': Cinder chooses its images itself, which "
                   "only mode 'image' allows" % name,
                   "consent with mirroring.consent.changeMode; then images that are not "
                   "Cinder's are no longer mirrored by themselves", "changeMode")
    named = facts["site_name"]
    if named not in (None, "", cluster.site["name"]) and cluster.any_peers() and (
            "renameSite" not in consent):
        raise Stop("the cluster's site name is '%s' and its pools have peers that know it by it, got "
                   "'%s'" % (named, cluster.site["name"]),
                   "correct sites.%s.name, or consent with mirroring.consent.renameSite" %
                   cluster.site["role"], "renameSite")
    check_peers(facts, name, request)
    return facts


def check_peers(facts, pool, request):
    """The peers that are the wrong ones; refused unless the topology consents."""
    wrong = [peer for peer in facts["peers"] if peer["site_name"] != request["otherSite"]]
    if len(facts["peers"]) - len(wrong) > 1:
        wrong = facts["peers"]
    if wrong and "replacePeer" not in request["consent"]:
        raise Stop("pool '%s' has the peer '%s', and Ceph mirrors a pool with one peer only; wanted "
                   "is '%s'" % (pool, "', '".join(p["site_name"] for p in wrong),
                                request["otherSite"]),
                   "correct the sites' names, or consent with mirroring.consent.replacePeer",
                   "replacePeer")
    return wrong


# ---- step: pool -------------------------------------------------------------
def make_pool(cluster, request):
    pool = request["pools"][0]
    name, site_name = pool["name"], cluster.site["name"]
    facts = check_pool(cluster, pool, request)
    if facts is None:
        cluster.mark("pool/" + name)
        number = pool["create"].get("pgNum")
        cluster.act("ceph", "osd", "pool", "create", name, *([str(number)] if number else []))
    if facts is None or not facts["applications"]:
        cluster.act("rbd", "pool", "init", name)
        facts = look_at_pool(cluster, name)
    if facts["site_name"] != site_name:
        cluster.mark("site-name", before=facts["site_name"] or "")
    if facts["mode"] == "disabled":
        cluster.mark("mirroring/" + name)
    if facts["mode"] != "image" or facts["site_name"] != site_name:
        cluster.act("rbd", "mirror", "pool", "enable", name, "image", "--site-name", site_name)
        facts = look_at_pool(cluster, name)
    if (facts["mode"], facts["site_name"]) != ("image", site_name):
        raise Stop("pool '%s' is in mode '%s' with site name '%s' after all" % (
            name, facts["mode"], facts["site_name"]), "run again", refused=False)
    return {}


def unmake_pool(cluster, request):
    name = request["pools"][0]["name"]
    refuse_in_use(cluster, [name])
    there = name in cluster.pools()
    if cluster.marked("mirroring/" + name) is not None:
        if there and cluster.info(name)["mode"] != "disabled":
            cluster.act("rbd", "mirror", "pool", "disable", name)
        cluster.unmark("mirroring/" + name)
    if cluster.marked("pool/" + name) is not None:
        if there:
            ran = cluster.attempt("ceph", "osd", "pool", "rm", name, name,
                                  "--yes-i-really-really-mean-it")
            if ran.code != 0:
                raise Stop("the empty pool '%s' cannot be removed: %s" % (name, ran.said()),
                           "set mon_allow_pool_delete for the time, or keep the pool with "
                           "`ceph config-key rm %s`; then run again" % cluster.mark_key(
                               "pool/" + name), refused=False)
            cluster.changed = True
        cluster.unmark("pool/" + name)
    release_site_name(cluster)
    return {}


def release_site_name(cluster):
    """Goes when it was ours and no pool is mirrored under it any more."""
    mark = cluster.marked("site-name")
    if mark is None or cluster.any_peers():
        return
    if any(cluster.info(pool)["mode"] != "disabled" for pool in cluster.rbd_pools()):
        return
    if mark["before"]:
        cluster.act("ceph", "config-key", "set", SITE_NAME_KEY, "-i", "-", stdin=mark["before"])
    else:
        cluster.act("ceph", "config-key", "rm", SITE_NAME_KEY)
    cluster.unmark("site-name")


def refuse_in_use(cluster, pools, users=()):
    """Nothing is taken back under volumes: neither their mirroring nor their pool nor their user."""
    there = cluster.pools()
    # The user that only watches has a keyring on the admin host; no volume needs it.
    own = any((cluster.marked("user/" + user["name"]) or {}).get("made")
              for user in users if not user.get("keyring"))
    for name in [name for name in pools if name in there]:
        ours = [thing for thing in ("pool/", "mirroring/", "peer/")
                if cluster.marked(thing + name) is not None]
        count = cluster.mirrored(name) if ours else 0
        if count:
            raise Stop("%d image(s) of pool '%s' are mirrored, and their mirroring came from here" % (
                count, name), "delete or retype these volumes first: `rbd mirror pool status "
                "--verbose %s` names them" % name)
        made = cluster.marked("pool/" + name) is not None
        held = cluster.images(name) if made or own else []
        if held:
            raise Stop("pool '%s' holds data (%d image(s), trash or namespaces), and %s came from "
                       "here" % (name, len(held), "it" if made else "its user"),
                       "delete or move them first: `rbd ls %s`, `rbd trash ls %s`" % (name, name))


# ---- step: users ------------------------------------------------------------
def clauses(text):
    """A cap as a set: `allow profile X` is another spelling of `profile X`."""
    return {re.sub(r"^allow profile ", "profile ", re.sub(r"\s+", " ", clause.strip()))
            for clause in text.split(",") if clause.strip()}


def difference(have, want):
    """(what is lacking, what is beyond) of caps, as readable clauses."""
    lacking = ["%s '%s'" % (daemon, clause) for daemon in sorted(want)
               for clause in sorted(clauses(want[daemon]) - clauses(have.get(daemon, "")))]
    beyond = ["%s '%s'" % (daemon, clause) for daemon in sorted(have)
              for clause in sorted(clauses(have[daemon]) - clauses(want.get(daemon, "")))]
    return lacking, beyond


def caps_words(caps):
    return [word for daemon in sorted(caps) for word in (daemon, caps[daemon]) if caps[daemon]]


def check_users(cluster, request):
    """user -> what it is now (None: not there)."""
    seen = {}
    for user in request["users"]:
        name = user["name"]
        seen[name] = cluster.user(name)
        if seen[name] is None:
            continue
        beyond = difference(seen[name]["caps"], user["caps"])[1]
        if beyond and cluster.marked("user/" + name) is None and (
                "narrowCaps" not in request["consent"]):
            raise Stop("client.%s was there before and may do more than its profiles: %s" % (
                name, "; ".join(beyond)),
                "name what others need under mirroring.users.%s, or consent with "
                "mirroring.consent.narrowCaps" % name, "narrowCaps")
    return seen


def make_users(cluster, request):
    seen, keys = check_users(cluster, request), {}
    for user in request["users"]:
        name, caps = user["name"], user["caps"]
        entity = "client." + name
        if seen[name] is None:
            cluster.mark("user/" + name, made=True)
            cluster.act("ceph", "auth", "get-or-create", entity, *caps_words(caps))
        elif any(difference(seen[name]["caps"], caps)):
            cluster.mark("user/" + name, caps=seen[name]["caps"])
            cluster.act("ceph", "auth", "caps", entity, *caps_words(caps))
        now = cluster.user(name)
        if now is None or any(difference(now["caps"], caps)):
            raise Stop("%s has other caps than it was given" % entity, "run again", refused=False)
        keys[name] = now["key"]
    for user in request["users"]:
        if user.get("keyring"):
            keep_keyring(cluster, user, keys[user["name"]])
    return {"keys": keys}


def keep_keyring(cluster, user, key):
    """The watching user is used on the admin host itself."""
    path, text = user["keyring"], keyring_text(user["name"], key)
    try:
        if not os.path.exists(path):
            cluster.mark("keyring/" + user["name"])
        elif read(path) == text:
            return
        write_whole(path, text, 0o600)
        cluster.changed = True
    except OSError as error:
        raise Stop("%s cannot be written on the admin host: %s" % (path, error.strerror),
                   "let SSH log in as somebody who may, or leave watchUser out", refused=False)


def unmake_users(cluster, request):
    refuse_in_use(cluster, [pool["name"] for pool in request["pools"]], request["users"])
    for user in request["users"]:
        name = user["name"]
        mark = cluster.marked("user/" + name)
        if user.get("keyring") and cluster.marked("keyring/" + name) is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(user["keyring"])
            cluster.unmark("keyring/" + name)
        if mark is None:
            continue
        if cluster.user(name) is not None:
            if mark.get("made"):
                cluster.act("ceph", "auth", "del", "client." + name)
            else:
                cluster.act("ceph", "auth", "caps", "client." + name, *caps_words(mark["caps"]))
        cluster.unmark("user/" + name)
    return {}


# ---- step: peering ----------------------------------------------------------
def peer_of(facts, name):
    return next((peer for peer in facts["peers"] if peer["site_name"] == name), None)


def prepare_peering(cluster, request):
    """What both sides of a peering begin with: the facts, wrong peers gone by consent, direction."""
    pool = request["pools"][0]["name"]
    facts = check_pool(cluster, request["pools"][0], request)
    if facts is None:
        raise Stop("pool '%s' is gone" % pool, "run again: it is made anew")
    for peer in check_peers(facts, pool, request):
        cluster.act("rbd", "mirror", "pool", "peer", "remove", pool, peer["uuid"])
    facts = look_at_pool(cluster, pool)
    peer = peer_of(facts, request["otherSite"])
    # Without a client it could not replicate: the other side's daemon leaves such one (tx-only) by its
    # ping alone.
    if peer is not None and (not peer["client_name"] or lame_peer(cluster, request, pool, peer)):
        cluster.act("rbd", "mirror", "pool", "peer", "remove", pool, peer["uuid"])
        peer = None
    if peer is None:
        cluster.mark("peer/" + pool)
    elif peer["direction"] != "rx-tx":
        cluster.act("rbd", "mirror", "pool", "peer", "set", pool, peer["uuid"], "direction", "rx-tx")
    if cluster.user(PEER_USER) is None and (
            peer is None or peer["client_name"] == "client." + PEER_USER):
        cluster.mark("peer-user")
    return pool, peer


def lame_peer(cluster, request, pool, peer):
    """A peer that was made by hand with a user of its own is kept while it can reach the other side.
    Answers whether it goes; refused unless the topology consents."""
    if peer is None or peer["client_name"] in ("", "client." + PEER_USER):
        return False
    whole = cluster.json("rbd", "mirror", "pool", "info", pool, "--all")
    fault = peer_fault(cluster, peer_of(whole, request["otherSite"]), pool)
    if fault and "replacePeer" not in request["consent"]:
        raise Stop("pool '%s' has a peer that is %s there, and as it site '%s' cannot be reached: "
                   "%s" % (pool, peer["client_name"], request["otherSite"], fault),
                   "put it right with `rbd mirror pool peer set`, or consent with "
                   "mirroring.consent.replacePeer", "replacePeer", refused=not cluster.changed)
    return bool(fault)


def make_token(cluster, request):
    """The side that is imported from: its bootstrap token. A peering that was made by hand, with
    another user, is left as it is and has none."""
    pool, peer = prepare_peering(cluster, request)
    if peer is not None and peer["client_name"] != "client." + PEER_USER:
        return {"token": ""}
    token = cluster.act("rbd", "mirror", "pool", "peer", "bootstrap", "create", "--site-name",
                        cluster.site["name"], pool).strip()
    return {"token": token}


def read_token(token):
    try:
        found = json.loads(base64.b64decode(token, validate=True).decode("utf-8"))
        return {name: found[name] for name in ("fsid", "client_id", "key", "mon_host")}
    except (ValueError, KeyError, TypeError):
        raise Stop("the other site's bootstrap token is damaged", "run again with `pulumi up "
                   "--refresh`, or `cinder-dr drift --record` and `pulumi up`")


def across(cluster, mon_host, user, key, *args):
    """rbd on the other cluster as its peer user. The key goes through stdin (`--keyfile -`), so that it
    stands in no file and works through any prefix."""
    return run(list(cluster.site["commandPrefix"]) + [
        "rbd", "--conf", "/dev/null", "--mon-host", mon_host, "--id", user, "--keyfile", "-",
        "--client-mount-timeout", str(CONNECT_SECONDS)] + list(args), stdin=key + "\n")


def look_across(cluster, mon_host, user, key, pool):
    return across(cluster, mon_host, user, key, "mirror", "pool", "info", pool, "--format", "json")


def peer_fault(cluster, peer, pool):
    """Why the other cluster cannot be reached as a peer says, or ''. A peer without address and key is
    of the old kind, whose daemons read them from files of their own: nobody else can tell."""
    if not peer.get("key") or not peer.get("mon_host"):
        return ""
    user = re.sub(r"^client\.", "", peer["client_name"])
    ran = look_across(cluster, peer["mon_host"], user, peer["key"], pool)
    return "" if ran.code == 0 else ran.said() if ran.code is not None else "no answer"


def other_side(cluster, token, pool):
    ran = look_across(cluster, token["mon_host"], token["client_id"], token["key"], pool)
    if ran.code != 0:
        raise Stop("the other cluster cannot be reached from here as client.%s: %s" % (
            token["client_id"], ran.said() if ran.code is not None else "no answer"),
            "both clusters' monitors must be reachable from each other's admin and daemon hosts",
            refused=not cluster.changed)
    return json.loads(ran.out)


def import_token(cluster, request):
    """The side that imports. Importing again is harmless and mends the other side's half: librbd
    writes both peers and keeps their uuids."""
    pool, peer = prepare_peering(cluster, request)
    if not request["token"]:
        if peer is None:
            raise Stop("pool '%s' has a peer made by hand on the other site, and none here" % pool,
                       "remove it there with `rbd mirror pool peer remove`, then run again",
                       refused=not cluster.changed)
        return {"peers": digest_of(peer["uuid"])}
    token = read_token(request["token"])
    if token["fsid"] == cluster.fsid():
        raise Stop("both sites are the cluster with fsid '%s'" % token["fsid"],
                   "correct the sites' admin hosts")
    for imports in range(IMPORTS + 1):
        if is_wired(cluster, request, token, pool):
            mine, theirs = both_peers(cluster, request, token, pool)
            return {"peers": digest_of(mine["uuid"], theirs["uuid"], token["key"])}
        if imports < IMPORTS:
            if imports:
                time.sleep(IMPORT_PAUSE_SECONDS)
            drop_pinged(cluster, request, token, pool)
            cluster.act("rbd", "mirror", "pool", "peer", "bootstrap", "import", "--site-name",
                        cluster.site["name"], "--direction", "rx-tx", pool, "-",
                        stdin=request["token"] + "\n")
    raise Stop("pool '%s' has not the same peers on both sides after %d imports" % (pool, IMPORTS),
               "run again; if it stays so, look at `rbd mirror pool info %s` on both" % pool,
               refused=False)


def drop_pinged(cluster, request, token, pool):
    """A running daemon's ping may leave a peer without client at any moment, also between removal and
    import, and the import does not fill it in."""
    mine, theirs = both_peers(cluster, request, token, pool)
    if mine is not None and not mine["client_name"]:
        cluster.act("rbd", "mirror", "pool", "peer", "remove", pool, mine["uuid"])
    if theirs is not None and not theirs["client_name"]:
        # By the user that the import itself writes with.
        cluster.changed = True
        across(cluster, token["mon_host"], token["client_id"], token["key"], "mirror", "pool", "peer",
               "remove", pool, theirs["uuid"])


def digest_of(*parts):
    """What the daemons' steps are told of the peers: another one when a peer is another."""
    return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()


def both_peers(cluster, request, token, pool):
    return (peer_of(cluster.json("rbd", "mirror", "pool", "info", pool, "--all"),
                    request["otherSite"]),
            peer_of(other_side(cluster, token, pool), cluster.site["name"]))


def is_wired(cluster, request, token, pool):
    """Both ways, under the right names, with the other side's present key."""
    mine, theirs = both_peers(cluster, request, token, pool)
    return (mine is not None and theirs is not None and mine.get("key") == token["key"]
            and theirs["client_name"] and mine["direction"] == theirs["direction"] == "rx-tx")


def unmake_peering(cluster, request):
    pool = request["pools"][0]["name"]
    refuse_in_use(cluster, [pool])
    if cluster.marked("peer/" + pool) is not None:
        facts = look_at_pool(cluster, pool)
        peer = peer_of(facts, request["otherSite"]) if facts else None
        if peer is not None:
            cluster.act("rbd", "mirror", "pool", "peer", "remove", pool, peer["uuid"])
        cluster.unmark("peer/" + pool)
    if cluster.marked("peer-user") is not None and not cluster.any_peers():
        if cluster.user(PEER_USER) is not None:
            cluster.act("ceph", "auth", "del", "client." + PEER_USER)
        if cluster.key(PEER_CLIENT_KEY) is not None:
            cluster.act("ceph", "config-key", "rm", PEER_CLIENT_KEY)
        cluster.unmark("peer-user")
    return {}


# ---- step: daemons ----------------------------------------------------------
def find_stuck(cluster, request):
    """Daemons that report that they cannot reach the other site, which can be reached as their peer says.

    Seen with 16.2.15: a daemon whose peer could not connect and was replaced makes a new connection
    beside the old one, and its callout stays until it is restarted."""
    stuck = {}
    for pool in request["pools"]:
        name = pool["name"]
        status = cluster.json("rbd", "mirror", "pool", "status", "--verbose", name)
        calling = [daemon for daemon in status.get("daemons") or []
                   if set(daemon.get("callouts") or []) - {GONE}]
        if not calling:
            continue
        peers = cluster.json("rbd", "mirror", "pool", "info", name, "--all").get("peers") or []
        if peers and all(peer.get("key") and not peer_fault(cluster, peer, name) for peer in peers):
            for daemon in calling:
                stuck[str(daemon["service_id"])] = {
                    "service": str(daemon["service_id"]), "client": daemon["client_id"],
                    "hostname": daemon["hostname"]}
    return [stuck[service] for service in sorted(stuck)]


def look_at_daemons(cluster, request):
    return {"stuck": find_stuck(cluster, request)}


# ---- step: orchestrator -----------------------------------------------------
def services(cluster):
    ran = cluster.attempt("ceph", "orch", "ls", "rbd-mirror", "--format", "json")
    if ran.code != 0:
        raise Stop("the orchestrator does not answer: %s" % ran.said(),
                   "set one up, or name hosts under sites.%s.rbdMirror" % cluster.site["role"])
    return json.loads(ran.out) if ran.out.strip().startswith("[") else []


def make_service(cluster, request):
    if not services(cluster):
        cluster.mark("orchestrator")
    # cephadm compares the specification itself and touches no daemon that fits it.
    cluster.act("ceph", "orch", "apply", "rbd-mirror", "--placement", request["placement"])
    restart_stuck(cluster, request)
    return {}


def restart_stuck(cluster, request):
    """Each once: a restarted daemon leaves its old self in the service map for 60 s."""
    done = json.loads(cluster.key(cluster.mark_key("restarted")) or "[]")
    stuck = [daemon for daemon in find_stuck(cluster, request) if daemon["service"] not in done]
    if not stuck:
        return
    known = {daemon["daemon_id"] for daemon in cluster.json("ceph", "orch", "ps")
             if daemon.get("daemon_type") == "rbd-mirror"}
    for daemon in stuck:
        if daemon["client"] in known:
            cluster.act("ceph", "orch", "daemon", "restart", "rbd-mirror." + daemon["client"])
    cluster.act("ceph", "config-key", "set", cluster.mark_key("restarted"), "-i", "-",
                stdin=json.dumps(sorted(daemon["service"] for daemon in stuck)))


def unmake_service(cluster, request):
    if cluster.marked("orchestrator") is not None:
        if services(cluster):
            cluster.act("ceph", "orch", "rm", "rbd-mirror")
        cluster.unmark("orchestrator")
    cluster.unmark("restarted")
    return {}


# ---- step: health -----------------------------------------------------------
def unhealthy(cluster, pool):
    """Why the pool's daemons are not healthy, or None."""
    status = cluster.json("rbd", "mirror", "pool", "status", "--verbose", pool)
    if status["summary"]["daemon_health"] == "OK" and status.get("daemons"):
        return None
    reasons = ["%s on %s: %s" % (d["client_id"], d["hostname"], ", ".join(d["callouts"]))
               for d in status.get("daemons", []) if d.get("callouts")]
    return "daemon health of pool '%s' is %s (%s)" % (
        pool, status["summary"]["daemon_health"], "; ".join(reasons) or "%d daemon(s)" % len(
            status.get("daemons", [])))


def health_cause(cluster, request):
    """What to look at when daemons do not become healthy."""
    site = cluster.site["name"]
    for pool in request["pools"]:
        for peer in cluster.json("rbd", "mirror", "pool", "info", pool["name"], "--all")["peers"]:
            fault = peer_fault(cluster, peer, pool["name"])
            if fault:
                return "site '%s' cannot be reached from site '%s' as %s (%s): put that right, then run again" % (
                    peer["site_name"], site, peer["client_name"], fault)
    if request["runsDaemons"]:
        return ("look at the daemons' logs on site '%s'; one that does not run is started by "
                "`cinder-dr drift --record` and `pulumi up`" % site)
    return "start rbd-mirror on site '%s', which the topology leaves to others; then run again" % site


def prove_health(cluster, request):
    """A restarted rbd-mirror leaves its old self in the service map for 60 s: WARNING until then."""
    deadline = time.monotonic() + request["healthSeconds"]
    while True:
        reasons = [reason for reason in (unhealthy(cluster, pool["name"])
                                         for pool in request["pools"]) if reason]
        if not reasons:
            return {}
        if time.monotonic() > deadline:
            raise Stop("%s, after %d s" % (reasons[0], request["healthSeconds"]),
                       health_cause(cluster, request), refused=False)
        time.sleep(1)


# ---- step: daemon (on its host) ---------------------------------------------
def read(path):
    try:
        with open(path) as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def write_whole(path, text, mode, uid=-1, gid=-1):
    """Writes beside the target and renames: at any moment the file is the old or the new one."""
    folder, name = os.path.split(path)
    handle, temp = tempfile.mkstemp(prefix=".%s.cinder-dr-" % name, dir=folder)
    try:
        with os.fdopen(handle, "w") as stream:
            os.fchmod(handle, mode)
            os.fchown(handle, uid, gid)
            stream.write(text)
            stream.flush()
            os.fsync(handle)
        os.rename(temp, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temp)
        raise


def keyring_text(user, key):
    return "[client.%s]\n\tkey = %s\n" % (user, key)


def key_in(text, user):
    section = re.search(r"^\[client\.%s\]\s*\n((?:(?!\[).*\n?)*)" % re.escape(user), text or "", re.M)
    found = section and re.search(r"^\s*key\s*=\s*(\S+)", section.group(1), re.M)
    return found.group(1) if found else None


class Daemon(object):
    def __init__(self, spec):
        # Whole names only: a dot in the daemon's name looks like a unit's suffix.
        self.spec, self.unit = spec, re.sub(r"\.service$", "", spec["unit"]) + ".service"
        folder = os.path.join(os.path.dirname(spec["keyring"]), ".cinder-dr")
        self.record = os.path.join(folder, "%s.json" % self.unit)

    def unit_is(self, word):
        return run(["systemctl", word, self.unit], 20).out.strip()

    def systemctl(self, verb):
        ran = run(["systemctl", verb, self.unit], 120)
        if ran.code != 0:
            raise Stop("`systemctl %s %s` %s" % (
                verb, self.unit, "took longer than 120 s" if ran.code is None
                else "ended with %d: %s" % (ran.code, self.cause(ran))),
                "look at `journalctl -u %s` on the host, then run again" % self.unit, refused=False)

    def cause(self, ran):
        logged = run(["journalctl", "-q", "-u", self.unit, "-n", "20", "-o", "cat", "--no-pager"], 10)
        lines = [line for line in logged.out.splitlines()
                 if re.search(r"error|failed|unable|denied", line, re.I)]
        return redact(lines[-1])[:300] if lines else ran.said()

    def owner(self):
        try:
            return pwd.getpwnam(self.spec["serviceUser"])
        except KeyError:
            raise Stop("serviceUser must be a user of this host, got '%s'" %
                       self.spec["serviceUser"], "install rbd-mirror, or correct serviceUser")

    def apply(self):
        self.check()
        before = {"keyring": read(self.spec["keyring"]), "enabled": self.unit_is("is-enabled"),
                  "active": self.unit_is("is-active")}
        if read(self.record) is None:
            os.makedirs(os.path.dirname(self.record), mode=0o700, exist_ok=True)
            write_whole(self.record, json.dumps(before), 0o600)
        stuck = self.stuck()
        rekeyed = self.put_keyring(before["keyring"])
        if before["enabled"] != "enabled":
            self.systemctl("enable")
        if before["active"] != "active":
            # A unit that failed too often refuses to start until its count is taken back.
            run(["systemctl", "reset-failed", self.unit], 20)
            self.systemctl("start")
        elif rekeyed or stuck:
            self.systemctl("restart")
        self.prove()
        self.remember(stuck)
        return {}

    def stuck(self):
        """Services of this daemon that the site found stuck, and that it was not yet restarted for."""
        user, hostname = self.spec["cephUser"], os.uname().nodename
        # The service map names a daemon without the `rbd-mirror.` that its user's name often has.
        named = (user, re.sub(r"^rbd-mirror\.", "", user))
        done = json.loads(read(self.record) or "{}").get("restartedFor", [])
        return [seen["service"] for seen in self.spec["stuck"]
                if seen["client"] in named and seen["hostname"] == hostname
                and seen["service"] not in done]

    def remember(self, stuck):
        """A restarted daemon leaves its old self in the service map for 60 s."""
        if stuck:
            kept = dict(json.loads(read(self.record)), restartedFor=stuck)
            write_whole(self.record, json.dumps(kept), 0o600)

    def check(self):
        conf = read(self.spec["conf"])
        if conf is None:
            raise Stop("%s does not exist on this host" % self.spec["conf"],
                       "put the site's ceph.conf there, or correct conf")
        found = re.search(r"^\s*fsid\s*=\s*(\S+)", conf, re.M)
        if found and self.spec.get("fsid") and found.group(1) != self.spec["fsid"]:
            raise Stop("%s is of the cluster with fsid '%s', the site's is '%s'" % (
                self.spec["conf"], found.group(1), self.spec["fsid"]), "put the site's there")
        seen = run(["systemctl", "show", "-p", "LoadState", self.unit], 20)
        if re.search(r"^LoadState=not-?(found|loaded)", seen.out, re.M) or seen.code == 127:
            raise Stop("unit must be one of this host's, got '%s'" % self.unit,
                       "install the package rbd-mirror, or correct unit")

    def put_keyring(self, before):
        """Answers whether the daemon has to read another key."""
        path, user, key = self.spec["keyring"], self.spec["cephUser"], self.spec["key"]
        owner = self.owner()
        if key_in(before, user) == key:
            seen = os.stat(path)
            if (seen.st_uid, seen.st_mode & 0o777) in ((owner.pw_uid, 0o600), (0, 0o640)):
                return False
        write_whole(path, keyring_text(user, key), 0o600, owner.pw_uid, owner.pw_gid)
        return key_in(before, user) != key

    def prove(self):
        """It runs, and still does a moment later: a daemon that cannot start is gone by then."""
        for _ in range(6):
            time.sleep(0.5)
            state = self.unit_is("is-active")
            if state not in ("active", "activating"):
                raise Stop("%s is '%s' after its start: %s" % (self.unit, state, self.cause(
                    Ran(0, "", "see its log"))),
                    "look at `journalctl -u %s` on the host, then run again" % self.unit,
                    refused=False)

    def remove(self):
        kept = read(self.record)
        if kept is None:
            return {}
        before = json.loads(kept)
        if before["active"] != "active" and self.unit_is("is-active") == "active":
            self.systemctl("stop")
        if before["enabled"] != "enabled":
            self.systemctl("disable")
        if key_in(read(self.spec["keyring"]), self.spec["cephUser"]) == self.spec["key"]:
            if before["keyring"] is None:
                os.unlink(self.spec["keyring"])
            elif before["keyring"] != read(self.spec["keyring"]):
                owner = self.owner()
                write_whole(self.spec["keyring"], before["keyring"], 0o600, owner.pw_uid,
                            owner.pw_gid)
        os.unlink(self.record)
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(self.record))
        return {}


# ---- the whole --------------------------------------------------------------
def nothing(cluster, request):
    return {}


def guard(cluster, request):
    """Asked first when everything is taken back, so that a refusal comes before the first change."""
    refuse_in_use(cluster, [pool["name"] for pool in request["pools"]], request["users"])
    return {}


STEPS = {
    "survey": (survey, nothing), "pool": (make_pool, unmake_pool), "users": (make_users, unmake_users),
    "token": (make_token, unmake_peering), "import": (import_token, unmake_peering),
    "daemons": (look_at_daemons, nothing), "orchestrator": (make_service, unmake_service),
    "health": (prove_health, nothing), "guard": (nothing, guard),
}


def perform(step, verb, request):
    if step == "daemon":
        daemon = Daemon(request["daemon"])
        return daemon.apply() if verb == "apply" else daemon.remove()
    cluster = Cluster(request["site"], request["owner"])
    return STEPS[step][verb == "remove"](cluster, request)


def finish(result, code, sentence=""):
    sys.stdout.write("CINDER_DR_RESULT %s\n" % json.dumps(result, sort_keys=True)
                     if code == 0 else "")
    if sentence:
        sys.stderr.write("cinder-dr: %s\n" % sentence)
    return code


def main(arguments, data):
    step, verb = (arguments[1:3] + ["", ""])[:2]
    if (step not in STEPS and step != "daemon") or verb not in ("apply", "remove"):
        return finish({}, 2, "must be a step and apply or remove, got '%s %s'" % (step, verb))
    try:
        request = json.loads(data.decode("utf-8"))
    except ValueError:
        return finish({}, 2, "the request must be JSON")
    where = request["where"]
    try:
        return finish(perform(step, verb, request), 0)
    except Stop as stop:
        return finish({}, 3 if stop.refused else 1, "%s: %s: %s; %s%s" % (
            where, step, redact(stop.what), stop.then,
            "" if not stop.refused else " (this step changed nothing)"))
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        return finish({}, 1, "%s: %s: %s: %s" % (where, step, type(error).__name__,
                                                 redact(str(error))))


if __name__ == "__main__":
    sys.exit(main(sys.argv, sys.stdin.buffer.read()))
