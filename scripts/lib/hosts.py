# SPDX-License-Identifier: GPL-2.0
"""The machines of HOSTS=, for explore.py: linux is sent to each and tried there; GNU parallel hands out ranges of seeds as jobs, and
those of a host that dies to another one; what they print is read as if it had been printed here."""

import fcntl
import hashlib
import itertools
import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
import time

import focus
import jobs
from asked import linux, read, words, write
from boot import Boot, LIMIT_S, Unable, kept, options, words_of
from explored import note, saving
from host import Machines, PLACES, last_line
from stopping import Stopped, stoppable

HERE = jobs.HERE
# A job is for a few seconds, as ssh takes some tenths.
BOOT_S, LEAST, LEAST_OF_SLOW, MOST = 4, 6000, 400, 80000


class Hosts(Machines):
    """All of them, and runs of GNU parallel on them."""

    def __init__(self, exploration, directory):
        super().__init__(exploration, f"{directory}/run")
        # How many seeds have a result in it.
        self.directory, self.kept = directory, 0
        self.fails, self.log = f"{self.run_dir}/fails", f"{self.run_dir}/log"
        self.pending, self.again, self.sent, self.seen, self.lost = {}, [], 0, {}, ""
        # Boots here, to find the seed with which one elsewhere has died: one at a time.
        self.finding, self.here = [], threading.Lock()

    def line(self, trial, seeds):
        """What parallel runs: with the name of the trial, whose jobs are skipped once it is over."""
        command = shlex.join(["exec", "sh", "./host.sh", "boot", str(LIMIT_S), *words_of(trial, seeds)])
        return f'{trial} for d in {PLACES}; do cd "$d/{self.all[0].name}" 2>/dev/null && {command}; done; exit 3'

    def feed(self, to, ranges):
        try:
            for trial, seeds in ranges:
                self.sent += 1
                self.pending[self.sent] = trial, seeds
                to.write(self.line(trial, seeds).ljust(2000).encode() + b"\n")
                to.flush()
            to.close()
        except BrokenPipeError:
            pass

    def parallel(self, ranges):
        """Have these run. Those that were not, and are not over, stay in self.pending. Return whether parallel has ended by itself."""
        with self.writing:
            shutil.rmtree(self.run_dir, ignore_errors=True)
            for name in "over", "home", "tmp":
                os.makedirs(f"{self.run_dir}/{name}")
        self.write_hosts()
        self.pending, self.again, self.sent, self.seen = {}, [], 0, {}
        skip = '{= s/^(\\S+) //; (-e "over/$1" or -e "over/all") and skip(); uq() =}'
        env = {**os.environ, "PARALLEL_SHELL": "/bin/sh", "PARALLEL_HOME": f"{self.run_dir}/home", "TMPDIR": f"{self.run_dir}/tmp"}
        env.pop("PARALLEL", None)
        with open(f"{self.run_dir}/said", "wb") as said:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "INT", "parallel", "--plain", "--will-cite", "--ssh",
                 f"setpriv --pdeathsig TERM sh {shlex.quote(f'{HERE}/remote.sh')} {shlex.quote(self.fails)}",
                 "--sshloginfile", self.slf, "--sshdelay", "0.05", "--retries", str(len(self.all) + 1), "--timeout", str(LIMIT_S + 30),
                 "--joblog", self.log, "--results", f"{self.run_dir}/{{#}}", skip],
                stdin=subprocess.PIPE, stdout=said, stderr=said, cwd=self.run_dir, env=env, start_new_session=True)
        # Few jobs wait there: how many seeds the next has is best known late. So a line is long, too.
        fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, 4096)
        feeder = threading.Thread(target=self.feed, args=(process.stdin, ranges), daemon=True)
        feeder.start()
        try:
            while (status := process.poll()) is None:
                self.look()
                if self.exploration.unable or not self.looking and not any(host.live for host in self.all):
                    break
                time.sleep(0.05)
        finally:
            if process.poll() is None:
                self.end(process)
            self.look()
        for thread in [feeder, *self.finding]:
            thread.join()
        self.lost = last_line(read(f"{self.run_dir}/said")) or f"status {process.returncode}"
        # Up to 101 it is how many jobs have failed.
        return status is not None and not 0 <= status <= 101 and not self.full()

    @staticmethod
    def end(process):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def look(self):
        """Take what has come."""
        for line in self.news(self.fails):
            login, status = line.split()
            self.failed(login, f"ended with status {status}")
        for line in self.news(self.log):
            # Its own number, the host, when it began, the status and the signal.
            number, login, began, _, _, _, status, number_of_signal = line.split("\t")[:8]
            if (status, number_of_signal) == ("0", "0"):
                self.take(int(number), login, float(began))
        exploration = self.exploration
        for trial in exploration.next:
            if trial not in exploration.open:
                self.over(trial)
        if exploration.until and time.monotonic() > exploration.until:
            self.over("all")

    def news(self, path):
        """The lines that have come since the last time."""
        try:
            with open(path, "rb") as file:
                file.seek(self.seen.get(path, 0))
                text = file.read()
        except FileNotFoundError:
            return []
        whole = text.rpartition(b"\n")[0] + b"\n" if b"\n" in text else b""
        self.seen[path] = self.seen.get(path, 0) + len(whole)
        return [line for line in whole.decode(errors="replace").splitlines() if not line.startswith("Seq\t")]

    def over(self, what):
        if not os.path.exists(f"{self.run_dir}/over/{what}"):
            write(f"{self.run_dir}/over/{what}", "")

    def take(self, number, login, began):
        """The result of a job that ended well, if it is whole: where a disk is full, it is not."""
        path = f"{self.run_dir}/{number}"
        out, err = read(path), read(f"{path}.err")
        ran = jobs.whole(out, err)
        if not ran:
            self.failed(login, "left no result")
            self.again.append(self.pending.pop(number))
            return
        trial, seeds = self.pending.pop(number)
        for name in path, f"{path}.err", f"{path}.seq":
            os.unlink(name)
        when = began - time.time() + time.monotonic() - self.exploration.start
        try:
            boot = Boot(trial, seeds, ran=ran)
        except (Unable, OSError) as error:
            self.unable(error)
            return
        # What says nothing of its seeds is run again, if the same is called again.
        if not boot.wrong():
            with saving():
                jobs.keep(self.directory, trial, seeds, out, err)
                self.kept += boot.number(1)
        if not boot.died():
            self.add(trial, boot, when)
            return
        # That takes boots here, and we go on watching the hosts.
        self.finding.append(threading.Thread(target=self.dies, args=(trial, boot, when), daemon=True))
        self.finding[-1].start()

    def dies(self, trial, boot, when):
        try:
            with self.here:
                boot = boot.dies_at() or boot
        except (Unable, OSError) as error:
            self.unable(error)
            return
        self.add(trial, boot, when)

    def add(self, trial, boot, when):
        with self.exploration.lock:
            self.exploration.booting[trial] -= 1
        self.exploration.add(trial, boot, when)

    def left(self):
        """What was to be run, has no result, and is still wanted."""
        if self.exploration.until and time.monotonic() > self.exploration.until:
            return []
        return [(trial, seeds) for trial, seeds in [*self.pending.values(), *self.again] if trial in self.exploration.open]

    def ranges(self, had):
        """All that is to be run, but what has a result from an earlier call."""
        exploration = self.exploration
        while taken := exploration.take():
            parts = list(jobs.lacking(taken[1], had.get(taken[0], [])))
            with exploration.lock:
                exploration.booting[taken[0]] += len(parts) - 1
            yield from ((taken[0], part) for part in parts)

    def go(self, had):
        exploration = self.exploration
        exploration.BOOT_S, exploration.LEAST, exploration.LEAST_OF_SLOW, exploration.MOST = BOOT_S, LEAST, LEAST_OF_SLOW, MOST
        ranges, left, before = self.ranges(had), [], None
        while True:
            died = self.parallel(itertools.chain(left, ranges))
            if exploration.unable:
                raise exploration.unable
            # What parallel was given, or the next that it would have been given.
            left = self.left() or list(itertools.islice(ranges, 1))
            # At the end, wait for what is to be said of a job that has failed, but not for a host that does not answer.
            until = time.monotonic() + (1000 if left else 5)
            while self.looking and time.monotonic() < until:
                time.sleep(0.05)
            if not left:
                return
            if not any(host.live for host in self.all):
                raise Unable("no host is left: " + "; ".join(f"{host.login}: {host.why}" for host in self.all))
            # A host that fails too often is given up.
            state = sum(exploration.done.values()), len(exploration.open), sum(host.failures for host in self.all)
            if state == before:
                raise Unable(f"jobs have no result, {left[0][0]} {left[0][1]} among them: {self.lost}")
            before = state
            if died:
                note(f"GNU parallel has ended too early, and is started again: {self.lost}")


def key(globs):
    """The directory of what was asked for, and of this very kernel: one that was stopped goes on there."""
    build = hashlib.sha256(read(linux)).hexdigest()[:16]
    asked = hashlib.sha256(json.dumps([options(), words, os.environ.get("SEEDS"), globs]).encode()).hexdigest()[:8]
    root = f"{kept}/hosts"
    os.makedirs(root, exist_ok=True)
    for old in os.listdir(root):
        if not old.startswith(build):
            shutil.rmtree(f"{root}/{old}", ignore_errors=True)
    directory = f"{root}/{build}-{asked}"
    os.makedirs(directory, exist_ok=True)
    return directory


def go(exploration, globs):
    """Explore on the hosts. Return the directory of what has come from them, which is read if the same is called again."""
    focus.check_room()
    directory = key(globs)
    had = jobs.load(exploration, directory)
    if had:
        note(f"an earlier exploration of the same is not complete: its {sum(exploration.done.values())} seeds count, and the rest is run")
    hosts = Hosts(exploration, directory)
    hosts.kept = sum(exploration.done.values())
    try:
        # Until now a signal ends us at once, and with us what we boot here.
        with stoppable():
            try:
                hosts.prepare()
                if exploration.until:
                    exploration.until += time.monotonic() - exploration.start
                hosts.go(had)
            finally:
                hosts.leave()
    except Stopped:
        note(f"stopped; {hosts.kept} seeds are kept, and the same call goes on")
        raise
    except Unable as error:
        raise Unable(f"{error}; {hosts.kept} seeds are kept, and the same call goes on" if hosts.kept else str(error)) from error
    if exploration.until:
        for trial, done in exploration.done.items():
            exploration.next[trial] = exploration.first + done
    return directory
