# SPDX-License-Identifier: GPL-2.0
"""A machine that explores for hosts.py: linux and host.sh are sent there, tried, and removed."""

import os
import re
import shlex
import signal
import subprocess

from asked import memory_size
from jobs import HERE

# Where the directory of a host can be, the first that has room.
PLACES = '/tmp /var/tmp "$HOME"'
# ssh's own status is 255; timeout's is ours, for a host that does not answer.
NO_SSH, NO_ANSWER = 255, 124


def last_line(text):
    lines = [line for line in text.decode(errors="replace").replace("\r", "").splitlines() if line.strip() and not line.startswith("Warning: ")]
    return lines[-1].strip() if lines else ""


class Host:
    """One word of HOSTS: n/login, or login, or : for this machine."""

    def __init__(self, word, name):
        jobs_said, slash, self.login = word.rpartition("/")
        self.jobs = int(jobs_said) if slash else int(os.environ["JOBS"]) if self.login == ":" else 0
        self.name, self.why, self.live, self.failures, self.reached, self.ssh = name, None, False, 0, False, None

    def sh(self, script, data=b"", seconds=120):
        """Run a script there: the status, stdout, and stderr."""
        command = ["sh", "-c", script]
        if self.login != ":":
            command = ["sh", f"{HERE}/remote.sh", "", self.login, "--", shlex.join(command)]
        # ^C is for us, who end what runs there first.
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as ssh:
            self.ssh = ssh
            try:
                out, err = ssh.communicate(data, seconds)
            except subprocess.TimeoutExpired:
                os.killpg(ssh.pid, signal.SIGTERM)
                return NO_ANSWER, b"", f"it has not answered within {seconds} s".encode()
        return ssh.returncode, out, err

    def prepare(self, package, size, boots=0):
        """Send linux, and boot it; self.why is then why it cannot be used, or None. There has to be room for so many boots, or for all."""
        before, self.reached = self.reached, True
        kib = (size >> 10) + 1024
        machine = os.uname().machine
        status, out, err = self.sh(f"""umask 77; why=; m=$(uname -m);
[ "$m" = {machine} ] || {{ echo "umring: no: it is $m, and linux is for {machine}"; exit 1; }};
for d in {PLACES}; do
free=$(($(stat -f -c "%a*%S/1024" "$d" 2>/dev/null || echo 0)));
if [ "$free" -lt {kib} ]; then why="$why, $d has $free KiB free"; continue; fi;
mkdir -p "$d/{self.name}" 2>/dev/null && cd "$d/{self.name}" && new=$(mktemp -d new.XXXXXX) && echo "exit 0" >"$new/x" &&
chmod +x "$new/x" && "./$new/x" 2>/dev/null || {{ why="$why, no program can be run in $d"; continue; }};
tar -C "$new" -xzf - && mv "$new/host.sh" "$new/linux" . || exit 1;
exec sh ./host.sh ready {self.jobs} {memory_size()} {boots};
done; echo "umring: no: linux takes {kib} KiB$why"; exit 1""".replace("\n", " "), package)
        answer = re.search(rb"^umring: (ready|no:) (.*)$", out, re.M)
        self.why = None
        if status == 0 and answer and answer[1] == b"ready":
            self.jobs = int(answer[2])
        else:
            self.why = answer[2].decode(errors="replace") if answer else last_line(err) or f"status {status}"
        self.live = not self.why
        # Then it may have something of us, also if it cannot be used, or is gone by now.
        self.reached = before or status != NO_SSH

    def leave(self):
        """Nothing of us stays there."""
        if self.ssh and self.ssh.poll() is None:
            os.killpg(self.ssh.pid, signal.SIGTERM)
        self.sh(f"""for p in /proc/[0-9]*; do case $(readlink "$p/cwd") in */{self.name}*) kill -9 "${{p#/proc/}}";; esac; done 2>/dev/null;
for d in {PLACES}; do rm -rf "$d/{self.name}"; done""".replace("\n", " "), seconds=20)
