# SPDX-License-Identifier: GPL-2.0
"""Where to look, for explore.py: which calls of the explorer's hooks belong to the lines or the function that $focus names, a file of
rows: a source and a line, a source and a function, or a source. And which trials come there.

focus.py                        print what explore.focus= takes for these, or nothing if none of it is explored"""

import functools
import os
import re
import subprocess
import sys

import story
from asked import die, linux, nearest, read, shown, tree

# A call of a hook: UML is compiled with -mcmodel=large, so all calls are by register. Those of others do no harm.
CALL = re.compile(rb"\xff[\xd0-\xd7]")
# Lines around a change that belong to it, as in a diff: what it takes away has none of its own, and a race is seldom with one line.
AROUND = 3
# focus.c has FOCUS_MAX.
MOST = 4096
# Seeds of a trial, and of a scenario, after which it is known whether it comes there.
SEEDS, SEEDS_OF_SCENARIO = 100, 20


def rows():
    """[(source, line or function or nothing)]"""
    path = os.environ.get("focus")
    if not path:
        return []
    with open(path, encoding="utf-8") as file:
        return [tuple(line.partition(" ")[::2]) for line in file.read().splitlines()]


def where():
    """As it was given."""
    return next((f"{name}={os.environ[name]}" for name in ("FILE", "RANGE") if os.environ.get(name)), "what changes")


def readelf(*what):
    return subprocess.run(["readelf", "-W", *what, linux], capture_output=True, text=True, check=False).stdout


def calls():
    """Where the calls in code that is explored return to: no other code has lines."""
    code = read(linux)
    sections = [[int(number, 16) for number in row] for row in
                re.findall(r"\] \.\S*text\S* +PROGBITS +(\w+) (\w+) (\w+)", readelf("-S"))]
    for first, size in re.findall(r"^ +([0-9a-f]+) ([0-9a-f]+) *$", readelf("--debug-dump=aranges"), re.M):
        first, size = int(first, 16), int(size, 16)
        for address, offset, length in sections:
            if address <= first < address + length:
                at = offset + first - address
                yield from (address + call.end() - offset for call in CALL.finditer(code, at, at + size))


def sites():
    """[(address, [(function, source, line)])] of these, in their order: the function, and those that it is inlined in."""
    addresses = sorted(set(calls()))
    out = subprocess.run(["addr2line", "-e", linux, "-a", "-f", "-i"], input="".join(f"{a - 1:x}\n" for a in addresses),
                         capture_output=True, text=True, check=False).stdout
    at = functools.cache(lambda text: story.path(text).rpartition(":")[::2])
    found = []
    for block in re.split(r"^0x", out, flags=re.M)[1:]:
        address, *lines = block.splitlines()
        found.append((int(address, 16) + 1, [(function, *at(text)) for function, text in zip(lines[::2], lines[1::2])]))
    return found


def wanted(rows_of):
    """What of a frame says that it is in focus: (source,), (source, line), (source, function)."""
    chosen = set()
    for source, place in rows_of:
        if place.isdigit():
            chosen |= {(source, str(line)) for line in range(int(place) - AROUND, int(place) + AROUND + 1)}
        else:
            chosen.add((source, place) if place else (source,))
    return chosen


def choose(found, chosen):
    """[(address, whether it is in focus)]"""
    return [(address, any((source,) in chosen or (source, line) in chosen or (source, function) in chosen
                          for function, source, line in frames)) for address, frames in found]


def ranges(marked):
    """As explore.focus= takes it: from the first up to the last of those in a row."""
    parts, start, last = [], None, None
    for address, is_in in [*marked, (0, False)]:
        if is_in and start is None:
            start = address
        elif not is_in and start is not None:
            parts.append(f"{start:x}-{last + 1:x}")
            start = None
        last = address
    return ",".join(parts)


def missing(found):
    """Why there is nothing to look at."""
    source, function = rows()[0]
    inside = {name for _, frames in found for name, path, _ in frames if path == source}
    if os.environ.get("RANGE") or not os.environ.get("FILE"):
        return "nothing that it changes is explored: io_uring/ and kernel/task_work.c are"
    if not os.path.isfile(f"{tree}/{source}"):
        return f"no such file in {shown(tree)}"
    if not inside:
        return "nothing in it is explored: io_uring/ and kernel/task_work.c are"
    return f"no function {function} that is explored in it{nearest(function, sorted(inside))}"


@functools.cache
def words():
    """explore.focus=, if there is anything to look at."""
    if not rows():
        return ()
    found = sites()
    text = ranges(choose(found, wanted(rows())))
    if not text:
        die(f"{where()}: {missing(found)}")
    if text.count(",") >= MOST:
        die(f"{where()} names more code than the explorer takes: FILE=file:function is less")
    return (f"explore.focus={text}",)


def check_room():
    """Where a long word has no file."""
    if sum(map(len, words())) > 3000:
        die(f"{where()} names more code than the kernel's command line has room for: FILE=file:function is less")


def first(chosen):
    """These trials, first those of the sources that are looked at."""
    suites = {os.path.basename(source).rpartition(".")[0] + "-trial" for source, _ in rows()}
    return sorted(chosen, key=lambda trial: trial.partition(".")[0] not in suites) if words() else chosen


class Seen:
    """How often the boots of a trial came there: points of how many, in seeds of how many."""

    def __init__(self):
        self.counts = [0, 0, 0, 0]

    def add(self, boot):
        found = re.search(r"^explore: focus: (\d+) of (\d+) points, in (\d+) of (\d+) seeds$", boot.log, re.M)
        if found:
            self.counts = [a + int(b) for a, b in zip(self.counts, found.groups())]

    def seeds(self, trial, many):
        """Of its next boot, which had so many otherwise: few, as long as none has come there."""
        if not words() or self.counts[0]:
            return many
        return SEEDS if "." in trial else SEEDS_OF_SCENARIO

    def missed(self):
        """Why the trial is left out, or nothing."""
        near, points, _, seeds = self.counts
        return f"none of its {points} points in {seeds} seeds is in {where()}" if words() and seeds and not near else ""

    def said(self):
        near, points, some, seeds = self.counts
        return f", {near} of {points} in focus" if words() else ""


def nowhere(seen):
    """A line if no trial comes there."""
    if words() and not any(of.counts[0] for of in seen):
        return f"nothing was explored there: none of {len(seen)} trials comes to {where()}"
    return ""


if __name__ == "__main__":
    print(ranges(choose(sites(), wanted(rows()))))
    sys.exit(0)
