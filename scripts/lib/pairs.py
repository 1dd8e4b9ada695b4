# SPDX-License-Identifier: GPL-2.0
"""Coverage of schedules: which reads by a task saw which writes by another, as the kernel prints at the end of a trial
(tests/explore/pairs.c), summed over boots. What this build has seen is kept in results/explore/pairs/<trial>."""

import json
import os
import re

import story
from asked import read, write

ITEM = re.compile(r" ([0-9a-f]+)([>!])([0-9a-f]+):(\d+)@(\d+)")


class Pairs:
    """Those of one trial, by the addresses of the two, and whether the store was late: [seeds, the first of them, when that was]."""

    # An exploration that names no seeds leaves a trial after so many, but not before ten times as many as the last new pair took.
    QUIET, TIMES = 20000, 10

    def __init__(self):
        self.seen, self.newest, self.build = {}, 0, None

    def add(self, boot, before, began):
        """The pairs of a boot that began at that second; before: seeds that the boots before it had."""
        self.build = boot.build
        first_seed = int(boot.seeds.partition("-")[0])
        for line in re.findall(r"^explore: pairs(.*)$", boot.log, re.M):
            for write_ip, how, read_ip, nr, first in ITEM.findall(line):
                key = int(write_ip, 16), int(read_ip, 16), how == "!"
                # Seed 0 comes before each boot.
                nth = max(int(first) - first_seed, 0) + 1
                when = began + boot.seconds * min(1, nth / max(boot.number(1), 1))
                if key not in self.seen:
                    self.seen[key] = [0, int(first), when]
                    self.newest = max(self.newest, before + nth)
                mine = self.seen[key]
                mine[:] = mine[0] + int(nr), min(mine[1], int(first)), min(mine[2], when)

    def quiet(self, done):
        return self.seen and done >= max(self.QUIET, self.TIMES * self.newest)


class Known:
    """The pairs of a trial by lines, those that earlier explorations of this build have seen, and which of these are new."""

    def __init__(self, trial, pairs, sites, directory):
        self.path, self.build = f"{directory}/pairs/{trial}", pairs.build
        self.rows = {}
        for (write_ip, read_ip, late), (nr, first, when) in pairs.seen.items():
            key = (*sites.get(write_ip, ("", "", "")), *sites.get(read_ip, ("", "", "")), late)
            had = self.rows.get(key, [0, first, when])
            self.rows[key] = [had[0] + nr, min(had[1], first), min(had[2], when)]
        try:
            self.kept = json.loads(read(self.path))
        except ValueError:
            self.kept = {"build": None, "pairs": []}
        # By their text: the numbers of lines move.
        had = {self.name(key[:7]) for key in self.kept["pairs"]}
        self.new = {key for key in self.rows if self.name(key) not in had}

    @staticmethod
    def name(key):
        return key[0], key[2], key[3], key[5], key[6]

    def keep(self):
        """What another build has seen is no coverage of this one."""
        both = {tuple(row[:7]): row[7:] for row in self.kept["pairs"]} if self.kept["build"] == self.build else {}
        for key, (nr, first, _) in self.rows.items():
            had = both.get(key, [0, first])
            both[key] = [had[0] + nr, min(had[1], first)]
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        write(self.path, json.dumps({"build": self.build, "pairs": [[*key, *row] for key, row in both.items()]}))
        return len(both)


def known(pairs, short, directory):
    """For each trial: its Known."""
    found = story.sites({ip for of in pairs.values() for key in of.seen for ip in key[:2]})
    return {trial: Known(short(trial), of, found, directory) for trial, of in pairs.items()}
