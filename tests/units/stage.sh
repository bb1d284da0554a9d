#!/usr/bin/env bash
# A real `systemd --user` of an unprivileged user, on a machine that was not started with systemd: root makes a mount
# namespace with a /run of its own and a control group, becomes nobody, starts the manager, and runs the arguments.
# Called as: unshare --mount bash stage.sh NAME PYTHON COMMAND...; NAME is that of the control group, PYTHON the folder
# of a Python, which nobody could not reach if it lay in root's home: then that holds nothing else.
set -eu
name=$1
python=$2
shift 2
user=65534
groups=()
for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ -e "$hierarchy/cgroup.procs" ] || continue
    mkdir "$hierarchy/$name"
    chown -R "$user" "$hierarchy/$name"
    echo $$ >"$hierarchy/$name/cgroup.procs"
    groups+=("$hierarchy")
done
leave() {
    for hierarchy in "${groups[@]}"; do
        echo $$ >"$hierarchy/cgroup.procs"
        find "$hierarchy/$name" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}
trap leave EXIT
mount -t tmpfs tmpfs /run
roots=$(getent passwd 0 | cut -d: -f6)
if [[ $python == "$roots"/* ]]; then
    mkdir /run/python
    mount --bind "$python" /run/python
    mount -t tmpfs -o mode=755 tmpfs "$roots"
    mkdir -p "$python"
    mount --bind /run/python "$python"
fi
mkdir -p /run/systemd/system /run/systemd/unit-root "/run/user/$user"
chown "$user" "/run/user/$user"
chmod 700 "/run/user/$user"
export XDG_RUNTIME_DIR=/run/user/$user USER=nobody LOGNAME=nobody
setpriv --reuid "$user" --regid "$user" --clear-groups bash -c '
/lib/systemd/systemd --user 2>/dev/null &
manager=$!
for _ in $(seq 50); do
    systemctl --user show --property=Version >/dev/null 2>&1 && break
    sleep 0.2
done
"$@"
code=$?
kill $manager
wait $manager
exit $code' stage "$@"
