#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hosts.bash DIR NAME...: machines for hosts.bats, each with a network, processes and mounts of its own, and an sshd; DIR/ssh_config is how to
# come to them. Killing NAME.pid is a power cut. Some names are what is wrong with them: old, full and arm.
# Run it by unshare -Urnm. It ends when it is killed, and all of them with it.

set -eu
dir=$1
shift
mkdir -p "$dir/home" "$dir/arm"
cd "$dir"
ssh-keygen -q -t ed25519 -N '' -f key
ssh-keygen -q -t ed25519 -N '' -f hostkey
# An sshd that is not root lets in whom it runs as.
printf '%s\n' "root:x:0:0::$HOME:/bin/sh" "tester:x:1000:1000::$dir/home:/bin/sh" >passwd
mount --bind passwd /etc/passwd
printf '%s\n' '#!/bin/sh' 'echo aarch64' >arm/uname
chmod +x arm/uname

# machine N NAME: what a host does, from its first process on.
machine()
{
	until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
	ip link set lo up
	ip addr add "10.9.$1.2/24" dev eth0
	ip link set eth0 up
	# This directory is all that they share.
	mount --bind "$dir" /mnt
	size=64m
	[ "$2" != full ] || size=64k
	for d in /var/tmp /tmp; do
		mount -t tmpfs -o "size=$size" none "$d"
	done
	mkdir -p "$dir"
	mount --bind /mnt "$dir"
	cd "$dir"
	[ "$2" != full ] || mount -t tmpfs -o "size=$size" none home
	printf '%s\n' "HostKey $dir/hostkey" "AuthorizedKeysFile $dir/key.pub" 'StrictModes no' 'UsePAM no' 'PidFile none' >"$2.conf"
	case $2 in
	arm) echo "SetEnv PATH=$dir/arm:$PATH" ;;
	old) echo "SetEnv OLD=1" ;;
	esac >>"$2.conf"
	exec unshare -U --map-user=1000 --map-group=1000 /usr/sbin/sshd -D -e -f "$2.conf" -p 2222
}

n=0
what=$(declare -f machine)
for name; do
	n=$((n + 1))
	unshare -nmp --fork --kill-child --mount-proc bash -c "$what; set -eu; dir='$dir'; machine $n $name" 2>"$name.log" &
	echo $! >"$name.pid"
	until inner=$(tr -d ' ' <"/proc/$!/task/$!/children") && [ -n "$inner" ]; do sleep 0.02; done
	echo "$inner" >"$name.inner"
	ip link add "h$n" type veth peer name eth0 netns "$inner"
	ip addr add "10.9.$n.1/24" dev "h$n"
	ip link set "h$n" up
	printf 'Host %s\n\tHostName 10.9.%s.2\n' "$name" "$n" >>ssh_config
done
printf 'Host nowhere\n\tHostName 10.9.1.2\n\tPort 2\n' >>ssh_config
# The default takes a tenth of a second of CPU time.
printf '%s\n' 'Host *' 'KexAlgorithms curve25519-sha256' Port\ 2222 User\ tester "IdentityFile $dir/key" "UserKnownHostsFile $dir/known_hosts" 'StrictHostKeyChecking accept-new' \
	'LogLevel ERROR' >>ssh_config
until [ "$(cat ./*.log | grep -c 'Server listening on 0.0.0.0')" = "$n" ]; do sleep 0.05; done
touch ready
wait
