# SPDX-License-Identifier: GPL-2.0
# shell.sh: a shell in the kernel that is built, from a file and on a terminal.

load helper

setup()
{
	command -v busybox >/dev/null || skip "no busybox here"
	built_clone
}

@test "shell: commands from a file, and its exit status" {
	# Pins: no terminal is needed; the status is that of the shell; FILES are there; nothing of the host is, nor a file of init's.
	echo data >data
	printf '%s\n' 'cat /tmp/data' 'ls -d /host' 'for n in 2 3 4; do [ ! -e /proc/$$/fd/$n ] || echo fd $n; done' 'exit 5' >commands
	FILES=data run sh -c '"$1" <commands 2>err 3>&-' sh "$top/scripts/shell.sh"
	[ "$status" = 5 ]
	[[ $output == *data* ]]
	[[ $output == *"/host: No such file"* ]]
	[[ $output == *"fd 2"* && $output != *"fd 3"* && $output != *"fd 4"* ]]
}

@test "shell: a directory of the host" {
	# Pins: HOST is at /host, cannot be written to in any way, nor mounted again for that, and nothing outside of it can be mounted.
	mkdir -p shared/etc && echo data >shared/f
	find shared -printf '%p %m %s %T@ %C@\n' | sort >before
	printf '%s\n' 'echo listed $(ls /host)' 'sed "s/^/read: /" /host/f' 'grep " /host " /proc/mounts' 'echo x >/host/f' \
		'touch /host/g' 'rm /host/f' 'mkdir /host/d' 'mv /host/f /host/h' 'ln /host/f /host/l' 'chmod 0 /host/f' 'touch /host/f' \
		'mount -o remount,rw /host' 'mkdir /m' 'mount -t hostfs -o /etc none /m' 'exit 3' >commands
	HOST=shared run sh -c '"$1" <commands 3>&-' sh "$top/scripts/shell.sh"
	[ "$status" = 3 ]
	[[ $output == *"listed etc f"* ]]
	[[ $output == *"read: data"* ]]
	grep -qE '^none /host hostfs ro[, ]' <<<"$output"
	[ "$(grep -c 'Read-only file system' <<<"$output")" = 8 ]
	[ "$(grep -c '^mount: .*\(Operation not permitted\|permission denied\)' <<<"$output")" = 2 ]
	[ "$(find shared -printf '%p %m %s %T@ %C@\n' | sort | diff before -)" = '' ]
}

@test "shell: no test can mount the host" {
	# Pins: each flavour's command line has the word that keeps hostfs from it.
	for f in $(grep -l '^CONFIG_CMDLINE=' "$repo"/uml-config/*.config); do
		grep -q '^CONFIG_CMDLINE=".* hostfs=/dev/null[ "]' "$f"
	done
	printf '%s\n' 'mkdir /m' 'mount -t hostfs none /m && ls /m' >commands
	run sh -c '"$1" <commands 3>&-' sh "$top/scripts/shell.sh"
	[ "$status" != 0 ]
	[[ $output == *"mounting none on /m failed: Not a directory"* ]]
}

@test "shell: on a terminal" {
	# Pins: line editing and ^C inside; afterwards the terminal is as it was, and the status that of the shell. A terminal that goes
	# away takes the kernel along.
	cat >terminal.py <<-'END'
		import os, pty, re, sys, termios, time
		pid, fd = pty.fork()
		if not pid:
		    os.environ["TERM"] = "dumb"
		    os.execv(sys.argv[1], sys.argv[1:2])
		before = termios.tcgetattr(fd)
		said = b""
		def until(text):
		    global said
		    while text not in said:
		        said += os.read(fd, 4096)
		    before, text, said = said.partition(text)
		    return before
		until(b"# ")
		assert not termios.tcgetattr(fd)[3] & termios.ICANON
		os.write(fd, b"sh -c 'echo c''d; exec cat'\r")
		until(b"cd\r\n")
		os.write(fd, b"\x03")
		until(b"# ")
		os.write(fd, b"tty; echo a''b\r")
		assert b"/dev/tty1" in until(b"ab\r\n")
		until(b"# ")
		if sys.argv[2] == "close":
		    os.close(fd)
		else:
		    os.write(fd, b"exit 7\r")
		    try:
		        until(b"Power down")
		        while os.read(fd, 4096):
		            pass
		    except OSError:
		        pass
		    assert termios.tcgetattr(fd) == before
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	try timeout 60 /usr/bin/python3 terminal.py "$top/scripts/shell.sh" exit
	[ "$status" = 7 ]
	try timeout 60 /usr/bin/python3 terminal.py "$top/scripts/shell.sh" close
	[ "$status" = 143 ]
	! pgrep -f "initrd=$work/programs-default/shell.cpio" || false
}

@test "shell: wrong input" {
	# Pins: one line, before anything is built or run: HOST is no directory, busybox is missing and cannot be installed.
	HOST=nosuch try "$top/scripts/shell.sh"
	[ "$status" = 2 ]
	fails 'HOST=nosuch: no directory that can be read'
	fake dpkg-query <<<'exit 1'
	fake id <<<'echo 1000'
	try "$top/scripts/shell.sh"
	[ "$status" = 2 ]
	fails 'missing packages' busybox-static
}
