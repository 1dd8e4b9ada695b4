# SPDX-License-Identifier: GPL-2.0
"""A boot of one trial with some seeds, or a list, for explore.py: what it printed, and whether that says anything."""

import os
import re
import subprocess
import time

from asked import linux, results, words, write

LIMIT_S = int(os.environ.get("LIMIT") or 60)
kept = f"{results}/explore"
given = {name: os.environ[name] for name in ("ALGO", "DEPTH", "MEMORY") if os.environ.get(name)}


class Unable(Exception):
    """It cannot be explored."""


def options():
    return [f"explore.{name.lower()}={value}" for name, value in given.items()]


def short(trial):
    return trial.partition(".")[2]


def build_id():
    stat = os.stat(linux)
    return f"{stat.st_size} {stat.st_mtime_ns}"


class Boot:
    """A boot of one trial, and what it printed."""

    def __init__(self, trial, seeds, *more):
        self.trial, self.seeds = trial, seeds
        # If we are ended, it ends as well.
        command = ["setpriv", "--pdeathsig", "TERM", "timeout", "-s", "QUIT", "-k", "5", str(LIMIT_S), linux, "loglevel=8",
                   f"explore={seeds}", *options(), *more, *words, f"kunit.filter_glob={trial}"]
        start = time.monotonic()
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.seconds = time.monotonic() - start
        self.status = run.returncode
        self.ktap = run.stdout.decode(errors="replace").replace("\r", "")
        self.log = run.stderr.decode(errors="replace").replace("\r", "")
        case = trial.partition(".")[2]
        found = re.search(rf"^explore: trial {case} seed (\d+) failed: (.*); algo=(\w+) points=(\d+) switches=(\d+)$", self.log, re.M)
        self.failed = bool(found)
        self.seed, self.why, self.algo, self.points, self.switches = found.groups() if found else [None] * 5
        self.list = "".join(re.findall(r"^explore: list\+?=(.*)$", self.log, re.M))
        self.unused = re.search(r"^explore: (\d+ of \d+) items of the list did not fit$", self.log, re.M)
        self.counts = re.search(rf"^explore: trial {case}: (\d+) seeds, (\d+) failed, (\d+) points, (\d+) switches, (\d+) ns$",
                                self.log, re.M)
        # timeout's status: it was we who ended it, in whatever seed.
        self.ended = self.status in (124, 137)
        if error := re.search(r"^explore: error: (.*)$", self.log, re.M):
            raise Unable(error[1])

    def number(self, which):
        return int(self.counts[which]) if self.counts else 0

    def wrong(self):
        """Why this boot says nothing of its seeds, or None."""
        if self.ended:
            return f"the boot did not end within {LIMIT_S} s, LIMIT= takes more; it was in seed {self.seed or 'none'}"
        if self.failed:
            return None
        first, _, last = self.seeds.partition("-")
        if not self.counts or not re.search(r"^(not )?ok 1 ", self.ktap, re.M):
            last_line = ([line for line in self.log.splitlines() if "panic" in line] or self.log.splitlines() or ["nothing"])[-1]
            return f"the boot ended with status {self.status}, and has no result: {last_line}"
        if self.status or self.number(1) != int(last or first) - int(first) + 1:
            return f"the boot ended with status {self.status} after {self.number(1)} of seeds {self.seeds}"
        if not self.number(3):
            return f"seeds {self.seeds} came to no point, so nothing was explored"
        return None

    def keep(self):
        os.makedirs(kept, exist_ok=True)
        path = f"{kept}/{short(self.trial)}.{self.seeds if self.wrong() else self.seed}"
        write(path, f"build {build_id()}\noptions {' '.join(options())}\nlist {self.list}\nwhy {self.why}\n\n{self.log}\n{self.ktap}")
        return path
