# SPDX-License-Identifier: GPL-2.0
"""A boot of one trial or scenario with some seeds, or a list, for explore.py: what it printed, and whether that says anything."""

import os
import re
import shlex
import signal
import subprocess
import time

import counts
import focus
from asked import linux, results, words, write

LIMIT_S = int(os.environ.get("LIMIT") or 60)
kept = f"{results}/explore"
# RANGE= and FILE= are given for others as well.
given = {name: os.environ[name] for name in ("ALGO", "DEPTH", "MEMORY", *(("FILE", "RANGE") if os.environ.get("focus") else ()))
         if os.environ.get(name)}


class Unable(Exception):
    """It cannot be explored."""


def options():
    return [f"explore.{name.lower()}={given[name]}" for name in ("ALGO", "DEPTH", "MEMORY") if name in given] + [*focus.words()]


def again():
    """The same for make replay."""
    said = {"KERNEL": os.environ.get("other_kernel"), **given, **{n: os.environ.get(n) for n in ("KDIR", "FLAVOUR", "ARGS", "LIMIT")}}
    if said["FLAVOUR"] == "explore":
        del said["FLAVOUR"]
    return "".join(f" {name}={shlex.quote(value)}" for name, value in said.items() if value)


def made_with():
    """The line of what is kept that says what a seed was given with: with other words it is another schedule."""
    return f"options {' '.join([*options(), *words])}\n"


def short(trial):
    return trial.rpartition(".")[2]


def word_for(trial):
    """suite.case is a trial, a name without a dot a scenario."""
    return f"kunit.filter_glob={trial}" if "." in trial else f"scenario={trial}"


def words_of(trial, seeds, *more):
    """The words of the kernel's command line."""
    return ["loglevel=8", f"explore={seeds}", *options(), *more, *words, word_for(trial)]


def long_in_files(command):
    """The kernel's command line takes 4096 bytes, and lists and what is in focus are longer."""
    files, short_ones = [], []
    for word in command:
        name, _, text = word.partition("=")
        if len(text) > 1000:
            # In memory: nothing is left of it, however we end.
            file = os.fdopen(os.memfd_create("word"), "w", encoding="ascii")
            file.write(text)
            file.flush()
            files.append(file)
            word = f"{name}=/proc/{os.getpid()}/fd/{file.fileno()}"
        short_ones.append(word)
    return short_ones, files


def run(trial, seeds, *more):
    """Boot here: the status, stdout, stderr and seconds."""
    command, files = long_in_files(words_of(trial, seeds, *more))
    # If we are ended, it ends as well.
    command = ["setpriv", "--pdeathsig", "TERM", "timeout", "-s", "QUIT", "-k", "5", str(LIMIT_S), linux, *command]
    start = time.monotonic()
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                         env={**os.environ, **counts.words(short(trial))})
    for file in files:
        file.close()
    return ran.returncode, ran.stdout, ran.stderr, time.monotonic() - start


class Boot:
    """A boot of one trial or scenario, and what it printed."""

    def __init__(self, trial, seeds, *more, ran=None):
        """Here and now, unless it has run; ran is then what run() would return."""
        self.trial, self.seeds = trial, seeds
        self.status, out, log, self.seconds = ran or run(trial, seeds, *more)
        self.ktap = out.decode(errors="replace").replace("\r", "")
        self.log = log.decode(errors="replace").replace("\r", "")
        case = f"(?:trial|scenario) {short(trial)}"
        found = re.search(rf"^explore: {case} seed (\d+) failed: (.*); algo=(\w+) points=(\d+) switches=(\d+)$", self.log, re.M)
        self.failed = bool(found)
        self.seed, self.why, self.algo, self.points, self.switches = found.groups() if found else [None] * 5
        self.list = "".join(re.findall(r"^explore: list\+?=(.*)$", self.log, re.M))
        # A trial of what this kernel does not have.
        skipped = re.search(r"^\s*ok 1 .*# SKIP (.+)$", self.ktap, re.M)
        self.skipped = skipped and skipped[1]
        self.counts = re.search(rf"^explore: {case}: (\d+) seeds, (\d+) failed, (\d+) points, (\d+) switches, (\d+) ns$",
                                self.log, re.M)
        # It was we who ended it, in whatever seed; timeout -k kills itself as well. SIGKILL before LIMIT was not ours: the boot died.
        self.ended = self.status == 124 or self.status in (137, -signal.SIGKILL) and self.seconds >= LIMIT_S
        if error := re.search(r"^explore: error: (.*)$", self.log, re.M):
            raise Unable(error[1])
        self.look_at_list()

    def look_at_list(self):
        """Of which build it is, what of it did not fit."""
        self.signed, self.list = self.list, self.list.rpartition("@")[2].partition(",")[2] if "@" in self.list else self.list
        unfit = re.search(r"^explore: of the list, (\d+ of \d+) did not fit: (.*)$", self.log, re.M)
        self.unfit = f"{unfit[1]} items did not come up: {unfit[2]}" if unfit else ""
        self.other = re.search(r"^explore: the list is of another build, (\w+); this is (\w+)$", self.log, re.M)
        self.build = (re.search(r"^explore: build (\w+)$", self.log, re.M) or [None, None])[1]
        self.cut = "explore: the list is longer than " in self.log

    def fails_as(self, other):
        """Whether both have failed, and in the same way: but for PIDs and hashed pointers, which differ from boot to boot."""
        mine, its = (re.sub(r"/\d+\b|\b[0-9a-f]{8,}\b", "", boot.why or "") for boot in (self, other))
        return self.failed and other.failed and mine == its

    def number(self, which):
        if self.failed and not self.counts and which == 1:
            return int(self.seed) - int(self.seeds.partition("-")[0]) + 1
        return int(self.counts[which]) if self.counts else 0

    def wrong(self):
        """Why this boot says nothing of its seeds, or None."""
        if self.ended:
            return f"the boot did not end within {LIMIT_S} s, LIMIT= takes more{f'; it was in seed {self.seed}' if self.seed else ''}"
        if self.failed or self.skipped:
            return None
        first, _, last = self.seeds.partition("-")
        if not self.counts or not re.search(r"^(not )?ok 1 ", self.ktap, re.M):
            return f"the boot ended with {self.how()}, and has no result: {self.last_line()}"
        if self.status or self.number(1) != int(last or first) - int(first) + 1:
            return f"the boot ended with status {self.status} after {self.number(1)} of seeds {self.seeds}"
        if not self.number(3):
            return f"seeds {self.seeds} came to no point, so nothing was explored"
        return None

    def path(self):
        return f"{kept}/{short(self.trial)}.{self.seeds if self.wrong() else self.seed}"

    def keep(self):
        os.makedirs(kept, exist_ok=True)
        write(self.path(), f"build {self.build}\n{made_with()}list {self.list}\nwhy {self.why}\n\n{self.log}\n{self.ktap}")

    def died(self):
        """Whether it has ended without a word, which no seed can have been told from."""
        return not self.failed and not self.ended and not self.counts and not self.skipped

    def dies_at(self):
        """The first of its seeds at which a boot dies, with that boot; or None if it does not die again, or at any seed."""
        first, _, last = self.seeds.partition("-")
        first, last = int(first), int(last or first)
        while first < last:
            middle = (first + last) // 2
            if Boot(self.trial, f"{first}-{middle}").died():
                last = middle
            else:
                first = middle + 1
        boot = Boot(self.trial, str(first))
        if not boot.died() or Boot(self.trial, "0").died():
            return None
        boot.why = f"the boot dies, with {boot.how()}: {boot.last_line()}"
        boot.failed, boot.seed, boot.algo = True, str(first), given.get("ALGO", "mix")
        return boot

    def how(self):
        return f"signal {-self.status}" if self.status < 0 else f"status {self.status}"

    def last_line(self):
        lines = [line for line in self.log.splitlines() if not re.match(r"explore: (build|seed 0 has) | *(KTAP|1\.\.|#)", line)]
        return ([line for line in lines if "panic" in line] or lines or ["it says nothing"])[-1]
