# SPDX-License-Identifier: GPL-2.0
"""What the kernel has printed of a schedule with explore.trace=1, as a story: who ran, where it was switched away from, which stores
others saw late, and what they read instead."""

import os
import re
import subprocess

from asked import linux, tree

LINE = re.compile(r"^explore: (switch|pick|late|missed) (\d+):(\d+) (\S+) ip=0x([0-9a-f]+) (\S+) (.*)$", re.M)


def places(addresses):
    """For each address: the function and the line of the innermost frame that is no inline function of a header."""
    wanted = [address for address in addresses if address]
    if not wanted:
        return {}
    # The address is where the call of a hook returns to.
    out = subprocess.run(["addr2line", "-e", linux, "-a", "-f", "-i", *(f"{a - 1:x}" for a in wanted)], capture_output=True,
                         text=True, check=False).stdout
    found = {}
    for block in re.split(r"^(?=0x)", out, flags=re.M)[1:]:
        address, *lines = block.splitlines()
        frames = [(name, path(at)) for name, at in zip(lines[::2], lines[1::2])]
        own = [frame for frame in frames if not re.search(r"include/|tests/kunit/stub\.h", frame[1])] or frames[-1:]
        found[int(address, 16) + 1] = own[0]
    return found


def path(at):
    """Relative to the kernel tree, or to umring for what is in its tests/."""
    # gcc was told that it works in /proc/self/cwd.
    at = os.path.normpath(at.partition(" (discriminator")[0].replace("/proc/self/cwd/", ""))
    return re.sub(r"^.*/tests/(?=explore/|kunit/)", "tests/", at) if "/tests/" in at else re.sub(r"^(\.\./)+", "", at)


def source(at):
    """The text of that line of the source, or nothing."""
    name, _, number = at.rpartition(":")
    try:
        with open(f"{os.environ['top'] if name.startswith('tests/') else tree}/{name}", encoding="utf-8", errors="replace") as file:
            return file.read().split("\n")[int(number) - 1].strip()
    except (OSError, ValueError, IndexError):
        return ""


class Event:
    def __init__(self, kind, task, point, name, ip, symbol, rest):
        self.kind, self.task, self.point, self.name = kind, int(task), int(point), name
        self.ip, self.symbol, self.rest = int(ip, 16), symbol, rest

    def to(self):
        return re.search(r"to \d+ (\S+)$", self.rest)[1]

    def value(self, name):
        return int(re.search(rf"{name}=0x([0-9a-f]+)", self.rest)[1], 16)


def events(log):
    """In the order of a story: a store that is late comes before the switch that holds it."""
    told = []
    for match in LINE.finditer(log):
        event = Event(*match.groups())
        if event.kind == "late":
            at = max(len(told) - 1, 0)
            while at > 0 and told[at - 1].kind == "late" and told[at - 1].point > event.point:
                at -= 1
            told.insert(at, event)
        else:
            told.append(event)
    return told


def hexed(value):
    return str(value) if value < 10 else f"{value:#x}"


def noted(event):
    if event.kind == "late":
        return f"late: others see {hexed(event.value('old'))}, not {hexed(event.value('new'))}"
    if event.kind == "missed":
        return f"sees {hexed(event.value('saw'))}, not {hexed(event.value('late'))}"
    return "not yet done"


def tell(log):
    told = events(log)
    where = places([event.ip for event in told])
    running = before = None
    for event in told:
        if event.kind == "pick":
            # Nobody was switched away from: the task that ran waits, or has ended.
            if event.to() != running:
                print(f"  -- {event.to()}{f', since {event.name} waits or has ended' if running else ''}")
            running = event.to()
            continue
        function, at = where.get(event.ip, ("", ""))
        lines = f"  {event.name:<14} {at:<32} {function:<30} {source(at) if at else ''}\n  {'':<78} ({noted(event)})"
        if lines != before:
            print(lines)
        before = lines
        if event.kind == "switch":
            running = event.to()
            print(f"  -- {running}")
