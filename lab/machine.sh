# shellcheck shell=bash
# The machine the lab stands on: what it must have, what is installed on it. Sourced by lab.sh.

PACKAGES=(
    ceph-mon ceph-mgr ceph-osd rbd-mirror ceph-common python3-rbd python3-rados
    mariadb-server rabbitmq-server keystone cinder-api cinder-scheduler cinder-volume open-iscsi
    python3-openstackclient python3-cinderclient openssh-server openssh-client sudo curl
)
# With `up --nova` also those of compute.sh.
POLICY=/usr/sbin/policy-rc.d
APT=(apt-get -qq -o DPkg::Lock::Timeout=600)

require_machine() {
    local id=unknown version=
    if [ -r /etc/os-release ]; then
        id=$(. /etc/os-release && echo "${ID:-unknown}")
        version=$(. /etc/os-release && echo "${VERSION_ID:-}")
    fi
    [ "$(id -u)" = 0 ] || refuse "must run as root (it makes namespaces and installs packages)" \
        "run it with sudo, or on a throw-away Debian 12 machine"
    [ "$id $version" = "debian 12" ] || refuse "must run on Debian 12, got '$id $version'" \
        "its parts are Debian 12's own packages (Ceph 16.2, OpenStack Zed)"
    unshare --mount --uts --ipc --pid --fork --propagation private true 2>/dev/null ||
        refuse "must be allowed to make mount and PID namespaces" \
            "in a container, start it with --privileged"
}

refuse() {      # WHAT NEXT: nothing has been touched yet
    printf 'lab: this machine %s\n     next: %s\n' "$1" "$2" >&2
    exit 2
}

missing_packages() {
    { dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' "${PACKAGES[@]}" 2>/dev/null || true; } |
        awk '$2 == "ii" { print $1 }' | sort |
        comm -13 - <(printf '%s\n' "${PACKAGES[@]}" | sort)
}

# A package's daemon must not start by itself: the lab runs its own, elsewhere, on the same
# ports. invoke-rc.d asks policy-rc.d; the machine's own answer is put back afterwards, also
# by the next run when this one was killed in between.
forbid_starts() {
    [ -e "$LAB/policy-rc.d.found" ] || [ -e "$LAB/policy-rc.d.absent" ] || {
        if [ -e "$POLICY" ]; then
            cp -p "$POLICY" "$LAB/policy-rc.d.new"
            mv "$LAB/policy-rc.d.new" "$LAB/policy-rc.d.found"
        else
            touch "$LAB/policy-rc.d.absent"
        fi
    }
    printf '#!/bin/sh\nexit 101\n' >"$POLICY.lab"
    chmod 755 "$POLICY.lab"
    mv "$POLICY.lab" "$POLICY"
}

allow_starts() {
    if [ -e "$LAB/policy-rc.d.found" ]; then
        cp -p "$LAB/policy-rc.d.found" "$POLICY.lab"
        mv "$POLICY.lab" "$POLICY"
        rm "$LAB/policy-rc.d.found"
    elif [ -e "$LAB/policy-rc.d.absent" ]; then
        rm -f "$POLICY" "$LAB/policy-rc.d.absent"
    fi
}

install_packages() {
    local missing half log=$LAB/log/apt.log
    allow_starts
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    export DEBIAN_FRONTEND=noninteractive
    forbid_starts
    say "packages: ${#missing[@]} to install, with what they need (1 to 2 minutes)"
    half=$(dpkg --audit 2>/dev/null | head -c 1)
    if [ -n "$half" ]; then
        say "packages: finishing an interrupted installation"
        dpkg --configure -a --force-confold >>"$log" 2>&1 || true
        "${APT[@]}" -y --fix-broken install >>"$log" 2>&1 || true
    fi
    debconf_answers
    heartbeat "packages: downloading and unpacking" apt_install "$log" "${missing[@]}" ||
        die "packages: apt-get failed" "see $log"
    quiet_new_services "${missing[@]}"
    allow_starts
    say "packages: installed"
}

apt_install() { # LOG PACKAGE...
    local log=$1
    shift
    "${APT[@]}" update >>"$log" 2>&1 &&
        "${APT[@]}" -y -o Dpkg::Options::=--force-confold --no-install-recommends \
            install "$@" >>"$log" 2>&1
}

debconf_answers() {     # the packages would make databases and endpoints of their own
    command -v debconf-set-selections >/dev/null || return 0
    debconf-set-selections <<'X'
keystone keystone/configure_db boolean false
keystone keystone/register-endpoint boolean false
cinder-common cinder/configure_db boolean false
cinder-api cinder/register-endpoint boolean false
X
    ! with_nova || nova_debconf_answers | debconf-set-selections
}

# mariadb's postinst starts a server of its own whatever policy-rc.d says; and on a machine
# with systemd the new units would take the lab's ports at the next boot.
quiet_new_services() {
    if [ -S /run/mysqld/mysqld.sock ] && printf '%s\n' "$@" | grep -qx mariadb-server; then
        mariadb-admin -S /run/mysqld/mysqld.sock shutdown >/dev/null 2>&1 || true
    fi
    [ -d /run/systemd/system ] || return 0
    local package unit
    for package; do
        dpkg -L "$package" 2>/dev/null | sed -n 's|^/lib/systemd/system/\([^@]*\.service\)$|\1|p' |
            while read -r unit; do systemctl disable "$unit" >/dev/null 2>&1 || true; done
    done
}

# Debian's package 'systemctl' is a daemonless stand-in that reads real unit files. It
# conflicts with systemd, so it is unpacked for the rooms and never installed. The package is kept
# on the machine, as the installed ones are: a lab in a network of its own cannot fetch it.
KEPT=/var/cache/cinder-dr-lab
fetch_systemctl() {
    local at=$LAB/systemctl
    [ -x "$at" ] && return 0
    rm -rf "$LAB/fetch"
    mkdir -p "$LAB/fetch" "$KEPT"
    (
        cd "$LAB/fetch"
        [ -e "$KEPT/systemctl.deb" ] || {
            "${APT[@]}" -o APT::Sandbox::User=root download systemctl >>"$LAB/log/apt.log" 2>&1 || {
                "${APT[@]}" update && "${APT[@]}" -o APT::Sandbox::User=root download systemctl
            } >>"$LAB/log/apt.log" 2>&1
            cp systemctl_*.deb "$KEPT/systemctl.deb.new"
            mv "$KEPT/systemctl.deb.new" "$KEPT/systemctl.deb"
        }
        dpkg-deb -x "$KEPT/systemctl.deb" .
    ) || die "packages: Debian's package 'systemctl' could not be fetched" "see $LAB/log/apt.log"
    install -m 755 "$LAB/fetch/usr/bin/systemctl" "$at.new"
    mv "$at.new" "$at"
    rm -rf "$LAB/fetch"
}
