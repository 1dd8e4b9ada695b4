# SPDX-License-Identifier: GPL-2.0
"""The machines that explore for hosts.py: linux and host.sh are sent to each, tried, and removed; one that fails is looked at."""

import contextlib
import io
import os
import re
import secrets
import shlex
import signal
import subprocess
import tarfile
import threading
import time

from asked import linux, memory_size, shown, write
from boot import Unable
from explored import note
from jobs import HERE

# Where the directory of a host can be, the first that has room.
PLACES = '/tmp /var/tmp "$HOME"'
# ssh's own status is 255; timeout's is ours, for a host that does not answer.
NO_SSH, NO_ANSWER = 255, 124
# Seconds from one look at a host that has gone to the next, and how often one may come back.
AGAIN_S, TIMES = 30, 5
# With fewer bytes free than this, a result may have been cut short.
LEAST_FREE = 1 << 20


def last_line(text):
    lines = [line for line in text.decode(errors="replace").replace("\r", "").splitlines() if line.strip() and not line.startswith("Warning: ")]
    return lines[-1].strip() if lines else ""


class Host:
    """One word of HOSTS: n/login, or login, or : for this machine."""

    def __init__(self, word, name):
        jobs_said, slash, self.login = word.rpartition("/")
        self.jobs = int(jobs_said) if slash else int(os.environ["JOBS"]) if self.login == ":" else 0
        self.name, self.why, self.live, self.failures, self.reached, self.waits = name, None, False, 0, False, False
        # Once it is left, nothing more begins there.
        self.ssh, self.left, self.beginning = None, False, threading.Lock()

    def sh(self, script, data=b"", seconds=120, last=False):
        """Run a script there: the status, stdout, and stderr."""
        command = ["sh", "-c", script]
        if self.login != ":":
            command = ["sh", f"{HERE}/remote.sh", "", self.login, "--", shlex.join(command)]
        with self.beginning:
            if self.left and not last:
                return NO_SSH, b"", b"it is left"
            # ^C is for us, who end what runs there first.
            self.ssh = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        with self.ssh as ssh:
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
        with self.beginning:
            self.left = True
            if self.ssh and self.ssh.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.ssh.pid, signal.SIGTERM)
        status, _, err = self.sh(f"""for p in /proc/[0-9]*; do case $(readlink "$p/cwd") in */{self.name}*) kill -9 "${{p#/proc/}}";; esac; done 2>/dev/null;
r=0; for d in {PLACES}; do rm -rf "$d/{self.name}" || r=1; done; exit $r""".replace("\n", " "), seconds=20, last=True)
        if status:
            note(f"host {self.login}: {self.name} may still be in /tmp, /var/tmp or the home directory there: "
                 f"{last_line(err) or f'status {status}'}")


def at_once(of, function):
    threads = [threading.Thread(target=function, args=(one,)) for one in of]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Machines:
    """Those of HOSTS=, which of them are there, and the file that tells GNU parallel."""

    def __init__(self, exploration, run_dir):
        self.exploration, self.run_dir, self.slf = exploration, run_dir, f"{run_dir}/hosts"
        name = f"umring.{secrets.token_hex(12)}"
        self.all = [Host(word, name) for word in os.environ["HOSTS"].split()]
        package = io.BytesIO()
        with tarfile.open(fileobj=package, mode="w:gz", compresslevel=1) as tar:
            tar.add(linux, "linux")
            tar.add(f"{HERE}/host.sh", "host.sh")
        self.package, self.size = package.getvalue(), os.path.getsize(linux)
        # Threads that look at a host write the hosts, too.
        self.looking, self.ended, self.writing = set(), False, threading.Lock()

    def unable(self, error):
        """The exploration ends."""
        self.exploration.unable = self.exploration.unable or error

    def prepare(self):
        at_once(self.all, lambda host: host.prepare(self.package, self.size))
        out = [host for host in self.all if host.why]
        if not any(host.live for host in self.all):
            raise Unable("no host of HOSTS= can be used: " + "; ".join(f"{host.login}: {host.why}" for host in out))
        for host in out:
            note(f"host {host.login} is left out: {host.why}")

    def leave(self):
        with self.writing:
            self.ended = True
        at_once([host for host in self.all if host.reached], Host.leave)

    def write_hosts(self):
        """Parallel reads them again when the file is newer by more than a second. None of them would be this machine."""
        with self.writing:
            live = [host for host in self.all if host.live]
            if live and not self.ended:
                before = os.stat(self.slf).st_mtime if os.path.exists(self.slf) else time.time()
                write(self.slf, "".join(f"{host.jobs}/{host.login}\n" for host in live))
                os.utime(self.slf, (before + 5, before + 5))

    def full(self):
        """Whether it is here that what comes from hosts has no room."""
        place = os.statvfs(self.run_dir)
        full = place.f_bavail * place.f_frsize < LEAST_FREE
        if full:
            self.unable(Unable(f"no space left in {shown(self.run_dir)}"))
        return full

    def failed(self, login, how):
        """A job has failed there: look what is with the host."""
        if self.full():
            return
        for host in self.all:
            if host.login == login and host.live:
                host.live, host.failures = False, host.failures + 1
                # One for each look: as soon as this one lets the host be used, its next job may fail.
                look = object()
                self.looking.add(look)
                self.write_hosts()
                threading.Thread(target=self.look_at, args=(host, how, look), daemon=True).start()

    def look_at(self, host, how, look):
        try:
            self.look_after(host, how)
        except OSError as error:
            self.unable(error)
        finally:
            self.looking.discard(look)
        try:
            self.wait_for(host)
        except OSError as error:
            self.unable(error)

    def look_after(self, host, how):
        # Others of its boots may still run, in the memory that they have.
        if not self.ended:
            host.prepare(self.package, self.size, 1)
        if self.ended:
            return
        if host.failures > TIMES:
            host.why = host.why or f"{host.failures} jobs have failed there"
        host.live = not host.why
        note(f"host {host.login} is gone: {host.why}; its seeds go to the others" if host.why else
             f"a job on host {host.login} {how}; it is run again")
        self.write_hosts()

    def wait_for(self, host):
        """Look at a host that is gone again and again."""
        with self.writing:
            if self.ended or host.waits:
                return
            host.waits = True
        while host.why and host.failures <= TIMES:
            time.sleep(AGAIN_S)
            if self.ended:
                return
            host.prepare(self.package, self.size, 1)
            if host.live:
                note(f"host {host.login} is there again")
                self.write_hosts()
        host.waits = False
