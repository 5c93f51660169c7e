#!/usr/bin/env bash
# The first process of a room: gives the room its own files, then stays and reaps orphans.
# The machine's root is read-only here, so whatever a room writes is either its own or refused.
#   room-init.sh ROOM FILES LAB
set -euo pipefail
room=$1 files=$2 lab=$3

hostname "$room"
# Debian's real systemctl talks to systemd, which does not run here
[ ! -e /usr/bin/systemctl ] || mount --bind "$lab/systemctl" /usr/bin/systemctl
mount --bind /var/lib/dpkg "$files/var/lib/dpkg"
mount -o remount,bind,ro "$files/var/lib/dpkg"
mount -t tmpfs -o mode=755,size=64M tmpfs /run
mkdir -p /run/sshd /run/lock /run/lab /run/systemd/system
chmod 1777 /run/lock
for owner in cinder ceph keystone rabbitmq; do
    install -d -o "$owner" -g "$owner" "/run/$owner" "/run/lock/$owner"
done
for owner in nova placement glance; do
    ! id -u "$owner" >/dev/null 2>&1 ||
        install -d -o "$owner" -g "$owner" "/run/$owner" "/run/lock/$owner"
done
install -d -o mysql -g mysql /run/mysqld
for directory in etc home root; do mount --bind "$files/$directory" "/$directory"; done
mount --bind "$files/usr-local" /usr/local
mount -t tmpfs -o mode=1777,size=256M tmpfs /tmp
# last, because this hides the lab's own directory, with every other room's files and keys
mount --rbind "$files/var" /var
# after the binds: they would take the flag with them
mount -o remount,bind,ro /
cd /
touch /run/lab-room
# a builtin would be better, but bash has no way to wait without a child; it reaps on SIGCHLD
while :; do
    sleep 3600 &
    wait $! || true
done
