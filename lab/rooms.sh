# shellcheck shell=bash
# A room is one machine of the lab: its own mounts, host name, IPC and PIDs; the network is the
# machine's loopback, with an address of the room's own. Sourced by lab.sh.
#
# A room's first process carries CINDER_DR_LAB_ROOM in its environment. That mark, and no pid
# file, is how a room is found again: nothing can go stale, and no foreign process bears it.
# When the first process dies, the kernel kills everything else in the room.

declare -A ROOM_PID=()

scan_rooms() {
    local file pid name
    ROOM_PID=()
    while IFS= read -r file; do
        pid=${file#/proc/}
        pid=${pid%%/*}
        [ "$(awk '/^NSpid:/ { print $NF }' "/proc/$pid/status" 2>/dev/null)" = 1 ] || continue
        name=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | sed -n 's/^CINDER_DR_LAB_ROOM=//p')
        [ -z "$name" ] || ROOM_PID[$name]=$pid
    done < <(marked_processes)
}

# Of this network namespace alone: another one may have a lab of its own.
marked_processes() {
    local file
    for file in $(grep -lszE '^CINDER_DR_LAB_ROOM=' /proc/[0-9]*/environ || true); do
        [ ! /proc/self/ns/net -ef "${file%/*}/ns/net" ] || echo "$file"
    done
}

running() { [ -n "${ROOM_PID[$1]:-}" ] && [ -d "/proc/${ROOM_PID[$1]}" ]; }

# What a running room sees; a path below it is the room's own file.
room_root() { echo "/proc/${ROOM_PID[$1]}/root"; }

inside() {      # ROOM COMMAND...
    local pid=${ROOM_PID[$1]:-}
    [ -n "$pid" ] || die "$1: is down" "npm run lab -- up"
    shift
    nsenter -t "$pid" -m -u -i -p --wd=/ env -i \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        LANG=C.UTF-8 HOME=/root PYTHONDONTWRITEBYTECODE=1 "$@" 9>&-
}

address() {
    case $1 in
        controller) echo 127.0.0.1 ;;
        cinder-a) echo 127.0.1.1 ;;
        cinder-b) echo 127.0.1.2 ;;
        compute-a) echo 127.0.1.11 ;;
        compute-b) echo 127.0.1.12 ;;
        ceph-primary) echo 127.0.3.1 ;;
        ceph-secondary) echo 127.0.3.2 ;;
        mirror-primary) echo 127.0.3.11 ;;
        mirror-secondary) echo 127.0.3.12 ;;
        load-*) echo "127.0.2.$((10#${1#load-}))" ;;
    esac
}

login() { [ "$1" = cinder-b ] && echo deploy || echo root; }

made_rooms() { find "$ROOMS" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort; }

# ---- a room's files ---------------------------------------------------------
make_room() {   # ROOM
    local room=$1 at=$ROOMS/$1 new=$ROOMS.new/$1
    [ -d "$at" ] && return 0
    rm -rf "$new"
    mkdir -p "$new"/{home,usr-local/bin,usr-local/sbin,var} "$ROOMS"
    cp -a --one-file-system /etc "$new/etc"
    rm -rf "$new/etc/ceph" "$new/etc/cinder/cinder.conf" "$new/etc/systemd/system"
    mkdir -p "$new"/etc/{ceph,systemd/system}
    mkdir -p "$new"/var/{cache,lib/dpkg,log,opt,spool}
    install -d -m 1777 "$new/var/tmp"
    install -d -m 700 "$new/root"
    ln -s /run "$new/var/run"
    ln -s /run/lock "$new/var/lock"
    echo "$room" >"$new/etc/hostname"
    install -m 755 "$LAB/systemctl" "$new/usr-local/bin/systemctl"
    own_directories "$new"
    [ "$room" = controller ] || ssh_server_files "$room" "$new"
    mv "$new" "$at"
}

own_directories() {     # NEW: what the packages would have made below /var
    local owner
    for owner in cinder ceph keystone; do
        install -d -o "$owner" -g "$owner" -m 750 "$1/var/lib/$owner" "$1/var/log/$owner"
    done
    install -d -o mysql -g mysql -m 700 "$1/var/lib/mysql"
    install -d -o rabbitmq -g rabbitmq -m 700 "$1/var/lib/rabbitmq" "$1/var/log/rabbitmq"
    for owner in nova placement glance; do
        ! id -u "$owner" >/dev/null 2>&1 ||
            install -d -o "$owner" -g "$owner" -m 750 "$1/var/lib/$owner" "$1/var/log/$owner"
    done
    chmod 3770 "$1/var/log/ceph"
    mkdir -p "$1"/var/log/{journal,lab} "$1/var/lib/misc"
    chmod 1777 "$1/var/log/lab"
}

ssh_server_files() {    # ROOM NEW
    local room=$1 new=$2 home=$2/root
    rm -f "$new"/etc/ssh/ssh_host_*
    ssh-keygen -q -t ed25519 -N '' -C "$room" -f "$new/etc/ssh/ssh_host_ed25519_key"
    if [ "$(login "$room")" = deploy ]; then
        # '*' and not '!': sshd takes an account with '!' for locked and refuses its keys
        useradd --prefix "$new" --create-home --shell /bin/bash --password '*' deploy
        echo 'deploy ALL=(ALL) NOPASSWD: ALL' >"$new/etc/sudoers.d/deploy"
        chmod 440 "$new/etc/sudoers.d/deploy"
        home=$new/home/deploy
    fi
    install -d -m 700 "$home/.ssh"
    install -m 600 "$LAB/ssh/id_ed25519.pub" "$home/.ssh/authorized_keys"
    chown -R --reference="$home" "$home/.ssh"
}

write_sshd_config() {   # ROOM: at each start, because the port may have changed
    local root_login=prohibit-password
    [ "$(login "$1")" = root ] || root_login=no
    cat >"$ROOMS/$1/etc/ssh/sshd_config" <<X
ListenAddress $(address "$1"):$(ssh_port)
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin $root_login
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
MaxStartups 100
PidFile /run/sshd.pid
Subsystem sftp internal-sftp
X
}

write_etc_hosts() {     # ROOM
    local name
    {
        echo "127.0.0.1 localhost controller"
        for name in ceph-primary ceph-secondary cinder-a cinder-b compute-a compute-b; do
            echo "$(address "$name") $name"
        done
        [[ $1 != load-* && $1 != mirror-* ]] || echo "$(address "$1") $1"
    } >"$ROOMS/$1/etc/hosts"
}

# ---- starting and stopping --------------------------------------------------
start_room() {  # ROOM: files, first process; adds nothing to ROOM_PID (it may run in a subshell)
    local room=$1 i
    running "$room" && return 0
    make_room "$room"
    write_etc_hosts "$room"
    CINDER_DR_LAB_ROOM=$room setsid unshare --mount --uts --ipc --pid --fork --kill-child \
        --mount-proc --propagation private \
        bash "$HERE/room-init.sh" "$room" "$ROOMS/$room" "$LAB" \
        </dev/null >"$LAB/log/room-$room.log" 2>&1 9>&- &
    for ((i = 0; i < 100; i++)); do
        scan_rooms
        running "$room" && [ -e "$(room_root "$room")/run/lab-room" ] && return 0
        sleep 0.1
    done
    tail -3 "$LAB/log/room-$room.log" >&2
    die "$room: its namespaces did not come up" "see $LAB/log/room-$room.log"
}

start_sshd() {  # ROOM
    local room=$1
    answers "$(address "$room")" "$(ssh_port)" && return 0
    write_sshd_config "$room"
    # /usr/sbin/sshd by its whole path: sshd runs itself again for every connection
    inside "$room" /usr/sbin/sshd </dev/null >>"$LAB/log/room-$room.log" 2>&1 ||
        die "$room: sshd did not start" "see $LAB/log/room-$room.log"
    wait_for 10 "$room: sshd" answers "$(address "$room")" "$(ssh_port)"
    say "$room: SSH answers on $(address "$room"):$(ssh_port)"
}

answers() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

stop_room() {   # ROOM: ask everything in it to end, then end its first process
    local room=$1 i pid=${ROOM_PID[$1]:-}
    [ -n "$pid" ] || return 0
    # -1 is everything in the room but its first process. Only those that keep data are waited
    # for: cinder-scheduler takes 10 s to obey.
    inside "$room" sh -c 'kill -CONT -1; kill -TERM -1' 2>/dev/null || true
    for ((i = 0; i < 60; i++)); do
        pids_in "$room" 'maria|beam|ceph' >/dev/null || break
        sleep 0.1
    done
    kill_room "$room"
}

kill_room() {   # ROOM
    local pid=${ROOM_PID[$1]:-} i
    [ -n "$pid" ] || return 0
    kill -KILL "$pid" 2>/dev/null || true
    for ((i = 0; i < 100; i++)); do
        [ -d "/proc/$pid" ] || return 0
        sleep 0.05
    done
    die "$1: process $pid does not die" "look at /proc/$pid/stack"
}

kill_leftovers() {      # whatever bears the mark and is still there
    local file pid
    for file in $(marked_processes); do
        pid=${file#/proc/}
        kill -KILL "${pid%%/*}" 2>/dev/null || true
    done
}

pids_in() {     # ROOM PGREP-WORD...: as this machine counts
    local pid=${ROOM_PID[$1]:-}
    [ -n "$pid" ] || return 1
    shift
    pgrep --ns "$pid" --nslist pid "$@"
}
