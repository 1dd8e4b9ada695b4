# SPDX-License-Identifier: GPL-2.0
"""An exploration of some trials, for explore.py: which seeds come next, what they came to, and the row of each trial."""

import os
import sys
import threading
import time

import explored
import focus
import pairs
from asked import shown
from boot import Boot, Unable, again, short
from explored import saving
from stopping import stoppable


class Exploration:
    """Boots of some trials, each of the next seeds of the trial that has had the least time."""

    # Seeds of a boot: for about a second. litmus.c says that what is allowed has to be seen in 3000.
    BOOT_S, LEAST, MOST = 1, 3000, 20000
    # Those of scenarios and suites are slower.
    LEAST_OF_SLOW = 100
    # Whether results come while it goes on.
    learns = True

    def __init__(self, chosen):
        first, _, last = (os.environ.get("SEEDS") or "1-999999999999").partition("-")
        self.first, self.last = int(first), int(last or first)
        budget = os.environ.get("BUDGET") or ("" if os.environ.get("SEEDS") else "60")
        self.until = time.monotonic() + int(budget) if budget else None
        self.lock = threading.Lock()
        self.next = dict.fromkeys(chosen, self.first)
        self.seconds = dict.fromkeys(chosen, 0.0)
        self.done = dict.fromkeys(chosen, 0)
        self.points = dict.fromkeys(chosen, 0)
        self.ns = dict.fromkeys(chosen, 1)
        self.booting = dict.fromkeys(chosen, 0)
        self.pairs = {trial: pairs.Pairs() for trial in chosen}
        self.focus = {trial: focus.Seen() for trial in chosen}
        self.over_s, self.start = {}, time.monotonic()
        self.over = {}
        self.skipped = {}
        self.open = list(chosen)
        self.unable = None

    def take(self):
        """The trial and the seeds of the next boot."""
        with self.lock:
            if self.until and time.monotonic() > self.until:
                return None
            trials_left = [t for t in self.open if self.next[t] <= self.last]
            if not trials_left:
                return None
            trial = min(trials_left, key=lambda t: (self.seconds[t] + self.booting[t], self.next[t]))
            rate = self.done[trial] / (self.ns[trial] / 1e9)
            many = min(max(self.LEAST if "-trial." in trial else self.LEAST_OF_SLOW, int(rate * self.BOOT_S)), self.MOST)
            first = self.next[trial]
            if self.learns:
                many = self.focus[trial].seeds(trial, many)
            last = min(self.last, first + many - 1)
            self.next[trial] = last + 1
            self.booting[trial] += 1
            return trial, f"{first}-{last}"

    def work(self):
        while taken := self.take():
            trial, seeds = taken
            began = time.monotonic() - self.start
            try:
                boot = Boot(trial, seeds)
                boot = (boot.dies_at() if boot.died() else None) or boot
            except (Unable, OSError) as error:
                with self.lock:
                    self.unable = self.unable or error
                    self.open = []
                return
            with self.lock:
                self.booting[trial] -= 1
            self.add(trial, boot, began)

    def add(self, trial, boot, began):
        """A boot that began at that second has ended."""
        with self.lock:
            self.seconds[trial] += boot.seconds
            self.pairs[trial].add(boot, self.done[trial], began)
            self.focus[trial].add(boot)
            self.done[trial] += boot.number(1)
            self.points[trial] += boot.number(3)
            self.ns[trial] += boot.number(5)
            if boot.skipped:
                self.skipped[trial] = boot.skipped
                if trial in self.open:
                    self.open.remove(trial)
            elif boot.failed or boot.wrong():
                before = self.over.get(trial)
                if not before or not boot.wrong() and (before.wrong() or int(boot.seed) < int(before.seed)):
                    self.over[trial] = boot
                    self.over_s[trial] = time.monotonic() - self.start
                    self.keep(boot)
                if trial in self.open:
                    self.open.remove(trial)
            elif trial in self.open and not self.booting[trial] and (missed := self.focus[trial].missed()):
                self.skipped[trial] = missed
                self.open.remove(trial)
            elif not os.environ.get("SEEDS") and self.pairs[trial].quiet(self.done[trial]) and trial in self.open:
                self.open.remove(trial)
            self.show()

    @staticmethod
    def keep(boot):
        """At once, as who knows how this exploration ends."""
        with saving():
            boot.keep()

    def tell(self):
        """The rows of what was found until now, as it ends too early."""
        for trial in [t for t in self.next if t in self.over]:
            print("\n".join(self.row(trial)), flush=True)

    def show(self):
        """On a terminal: how far it is."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{sum(self.done.values())} seeds, {len(self.over)} of {len(self.next)} trials ended\033[K\r")
            sys.stderr.flush()

    def go(self):
        threads = [threading.Thread(target=self.work) for _ in range(int(os.environ["JOBS"]))]
        with stoppable():
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        if self.unable:
            raise self.unable

    def due(self, trial):
        """How many seeds were to be run."""
        return (self.next[trial] - 1 if self.until else self.last) - self.first + 1

    def lacks(self, trial):
        """Whether it has no result, and is not known to fail."""
        if trial in self.skipped and trial not in self.over:
            return False
        boot = self.over.get(trial)
        return boot.wrong() if boot else self.done[trial] != self.due(trial) or not self.done[trial]

    def row(self, trial):
        boot = self.over.get(trial)
        n = self.done[trial]
        if trial in self.skipped and not boot:
            return [f"-      {short(trial):<32} left out: {self.skipped[trial]}"]
        if not boot and not n:
            return [f"NOT OK {short(trial):<32} no seed was run: BUDGET= is too short"]
        if not boot and n != self.due(trial):
            return [f"NOT OK {short(trial):<32} only {n} of {self.due(trial)} seeds were run"]
        if not boot:
            rate = n / (self.ns[trial] / 1e9)
            return [f"ok     {short(trial):<32} {n:8d} seeds {rate:7.0f}/s {self.points[trial] // n:6d} points"
                    f"{self.focus[trial].said()}{explored.pairs_of(self, trial)}"]
        see = "" if explored.unsaved else f"see {shown(boot.path())}"
        if bad := boot.wrong():
            return [f"NOT OK {short(trial):<32} seeds {boot.seeds}: {bad}"] + [f"       {line}" for line in [see] if line]
        return [f"NOT OK {short(trial):<32} seed {boot.seed} ({boot.algo}): {boot.why}",
                f"       make replay T={short(trial)} SEED={boot.seed}{again()}, or make minimise{'; ' * bool(see)}{see}"]
