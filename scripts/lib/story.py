# SPDX-License-Identifier: GPL-2.0
"""What the kernel has printed of a schedule with explore.trace=1, as a story: who ran, where it was switched away from, which stores
others saw late, and what they read instead."""

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
        frames = [(name, re.sub(r" \(discriminator.*", "", at)) for name, at in zip(lines[::2], lines[1::2])]
        frames = [(name, re.sub(r"^.*?((?:\.\./)*)(io_uring|kernel|include|tests|arch|lib|mm|fs)/", r"\2/", at)) for name, at in frames]
        own = [frame for frame in frames if not frame[1].startswith("include/")] or frames
        found[int(address, 16) + 1] = own[0]
    return found


def source(at):
    """The text of that line of the source, or nothing."""
    name, _, number = at.rpartition(":")
    for root in (tree, f"{tree}/../.."):
        try:
            with open(f"{root}/{name}", encoding="utf-8", errors="replace") as file:
                return file.read().split("\n")[int(number) - 1].strip()
        except (OSError, ValueError, IndexError):
            continue
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
            at = len(told) - 1
            while at and told[at - 1].kind == "late" and told[at - 1].point > event.point:
                at -= 1
            told.insert(at, event)
        else:
            told.append(event)
    return told


def hexed(value):
    return str(value) if value < 10 else f"{value:#x}"


def tell(log):
    told = events(log)
    where = places([event.ip for event in told])
    running = None
    for event in told:
        function, at = where.get(event.ip, ("", ""))
        text = source(at) if at else ""
        if event.kind == "pick":
            # Nobody was switched away from: the task that ran waits, or has ended.
            if event.to() != running:
                print(f"  -- {event.to()}" + (f", since {event.name} waits" if running else ""))
            running = event.to()
            continue
        note = ""
        if event.kind == "late":
            note = f"late: others see {hexed(event.value('old'))}, not {hexed(event.value('new'))}"
        elif event.kind == "missed":
            note = f"sees {hexed(event.value('saw'))}, not {hexed(event.value('late'))}"
        elif event.kind == "switch":
            note = "not yet done"
        print(f"  {event.name:<14} {at:<32} {function:<30} {text}")
        print(f"  {'':<14} {'':<32} {'':<30} ({note})")
        if event.kind == "switch":
            print(f"  -- {event.to()}")
            running = event.to()
