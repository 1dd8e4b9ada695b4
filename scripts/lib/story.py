# SPDX-License-Identifier: GPL-2.0
"""What the kernel has printed of a schedule with explore.trace=1, as a story: who ran, where it was switched away from, which stores
others saw late, and what they read instead."""

import functools
import os
import re
import subprocess

from asked import linux, tree

LINE = re.compile(r"^explore: (?!point)([a-z]+) (\d+):(\d+) (\S+) ip=0x([0-9a-f]+) (\S+) (.*)$", re.M)


def places(addresses):
    """For each address: the function and the line of the innermost frame that is no inline function of a header."""
    wanted = sorted({address for address in addresses if address})
    if not wanted:
        return {}
    # The address is where the call of a hook returns to.
    out = subprocess.run(["addr2line", "-e", linux, "-a", "-f", "-i"], input="".join(f"{a - 1:x}\n" for a in wanted),
                         capture_output=True, text=True, check=False).stdout
    found = {}
    for block in re.split(r"^(?=0x)", out, flags=re.M)[1:]:
        address, *lines = block.splitlines()
        frames = [(name, path(at)) for name, at in zip(lines[::2], lines[1::2])]
        own = [frame for frame in frames if not re.search(r"include/|tests/kunit/stub\.h", frame[1])]
        found[int(address, 16) + 1] = own[0] if own else (frames[-1][0], "")
    return found


def sites(addresses):
    """For each address: the function, the line and its text."""
    # What stands in for functions of suites is at their heads, and has no line of theirs.
    return {ip: (function, at, source(at) if at else f"{function}() begins") for ip, (function, at) in places(addresses).items()}


def path(at):
    """Relative to the kernel tree, or to umring for what is in its tests/."""
    # gcc was told that it works in /proc/self/cwd.
    at = os.path.normpath(at.partition(" (discriminator")[0].replace("/proc/self/cwd/", ""))
    return re.sub(r"^.*/tests/(?=explore/|kunit/)", "tests/", at) if "/tests/" in at else re.sub(r"^(\.\./)+", "", at)


@functools.cache
def lines_of(name):
    with open(f"{os.environ['top'] if name.startswith('tests/') else tree}/{name}", encoding="utf-8", errors="replace") as file:
        return file.read().split("\n")


def source(at):
    """The text of that line of the source, or nothing."""
    name, _, number = at.rpartition(":")
    try:
        return lines_of(name)[int(number) - 1].strip()
    except (OSError, ValueError, IndexError):
        return ""


class Event:
    def __init__(self, kind, task, point, name, ip, symbol, rest):
        self.kind, self.task, self.point, self.name = kind, int(task), int(point), name
        self.ip, self.symbol, self.rest = int(ip, 16), symbol, rest
        # Whose store it is that a read saw, or missed: task, point, address.
        of = re.search(r" of (\d+):(\d+)(?: ip=0x([0-9a-f]+))?$", rest)
        self.of = (int(of[1]), int(of[2])) if of else None
        self.of_ip = int(of[3] or "0", 16) if of else 0
        called = re.search(r"call (\S+)", rest)
        self.called = called[1] if called else ""
        # The last call of a task is from kthread(), of what it was.
        self.ended = symbol.startswith("kthread+")

    def goes_on(self):
        """The task that does: number, name."""
        to = re.search(r"to (\d+) (\S+)$", self.rest)
        return int(to[1]), to[2]

    def value(self, name):
        return int(re.search(rf"{name}=0x([0-9a-f]+)", self.rest)[1], 16)


def hexed(value):
    return str(value) if value < 10 else f"{value:#x}"


class Row:
    """A line of the story: what a task did, or that it goes on (begin). kind is that of the event, or write: what another task
    has seen."""

    def __init__(self, kind, event, task, point, name, ip, note=""):
        self.kind, self.event, self.task, self.point, self.name, self.ip, self.note = kind, event, task, point, name, ip, note
        self.site = ("", "", "")
        self.points, self.seen_by = [point], []


def note(event):
    if event.kind == "late":
        return f"late: others see {hexed(event.value('old'))}, not {hexed(event.value('new'))}"
    if event.kind == "missed":
        return f"sees {hexed(event.value('saw'))}, not {hexed(event.value('late'))}"
    if event.kind == "early":
        return f"read early: finds {hexed(event.value('saw'))}, not {hexed(event.value('late'))}"
    if event.kind == "saw":
        return f"sees {hexed(event.value('saw'))}"
    if event.kind == "in":
        return "has stores come in: others see them from here on"
    if event.kind in ("pick", "at"):
        return "has ended" if event.ended else f"waits in {event.called}()" if event.called else \
            "waits" if event.kind == "pick" else "is here"
    return {"switch": "not yet done", "timer": "its time has come"}.get(event.kind, event.kind)


class Story:
    """The rows of what the kernel has printed, in the order in which things happened; why is how it failed."""

    # Reads that are looked at, the last ones; that are told, whatever they are; and that are told at most.
    LOOKED_AT, ALL, MOST = 400, 8, 24

    def __init__(self, log, why=""):
        self.why = why
        self.names, self.rows, self.at_end = {}, [], []
        cut = re.search(r"^explore: the trace is cut, (\d+) lines", log, re.M)
        self.cut = int(cut[1]) if cut else 0
        told = [Event(*match.groups()) for match in LINE.finditer(log)]
        saw = [event for event in told if event.kind == "saw"]
        left_out = {id(event) for event in saw[:-self.LOOKED_AT]}
        self.more_reads = len(left_out)
        told = [event for event in told if id(event) not in left_out]
        for event in told:
            self.names.setdefault(event.task, event.name)
            if event.kind in ("switch", "pick"):
                self.names.setdefault(*event.goes_on())
        for event in told:
            self.add(event)
        self.choose_reads()
        for row in self.rows:
            row.note = ", ".join(filter(None, [row.note, *(f"seen by {name}" for name in row.seen_by)]))
        found = sites([ip for event in told for ip in (event.ip, event.of_ip)])
        for row in self.rows + self.at_end:
            row.site = found.get(row.ip, row.site)
            if row.event and row.event.ended and row.kind != "in":
                row.site = (row.event.called, "", f"{row.event.called}() returns")
        self.rows = [row for row, before in zip(self.rows, [None, *self.rows]) if not before or not self.again(row, before)]

    @staticmethod
    def again(row, before):
        """Whether it says what the row before it has said: gcc and a header call a hook each, stores come in together."""
        if (row.kind, row.task) != (before.kind, before.task):
            return False
        if row.kind == "in":
            before.points.append(row.point)
            row.points = before.points
            return True
        return row.kind == "missed" and (row.event.of, row.site) == (before.event.of, before.site)

    def add(self, event):
        row = Row(event.kind, event, event.task, event.point, event.name, event.ip, note(event))
        if event.kind == "at":
            self.at_end.append(row)
            return
        if event.kind == "late":
            self.insert(row)
            return
        if event.kind == "saw":
            task, point = event.of
            seen = next((r for r in self.rows if r.kind in ("write", "late", "saw") and (r.task, r.point) == event.of), None)
            if not seen:
                seen = Row("write", None, task, point, self.names.get(task, str(task)), event.of_ip)
                self.insert(seen)
        running = next((r for r in self.rows if r.kind == "begin"), None)
        if event.kind != "pick" or running is not None:
            self.rows.append(row)
        if event.kind in ("switch", "pick"):
            task, name = event.goes_on()
            self.rows.append(Row("begin", None, task, 0, name, 0))

    def choose_reads(self):
        """Most of what is read was written long before, and would have been in any order. What is told: a write while the reader had
        been switched away from, and a read while the writer had been, of what it had just written."""
        at = {(row.task, row.point): n for n, row in enumerate(self.rows) if row.kind in ("write", "late", "saw")}
        reads = [(n, row, at[row.event.of]) for n, row in enumerate(self.rows) if row.kind == "saw"]
        chosen = reads
        if len(reads) > self.ALL:
            chosen = [(n, row, w) for n, row, w in reads if self.is_out(row.task, w) or
                      self.is_out(row.event.of[0], n) and w > self.begin_of(row.event.of[0], n)][-self.MOST:]
        self.more_reads += len(reads) - len(chosen)
        for _, row, w in chosen:
            if self.rows[w].kind != "late" and row.name not in self.rows[w].seen_by:
                self.rows[w].seen_by.append(row.name)
        keep = {n for n, _, _ in chosen}
        for n, row, _ in reads:
            # An update that is not told as a read can be one that another task has seen.
            if n not in keep:
                row.kind, row.event, row.note = "write", None, ""
        self.rows = [row for row in self.rows if row.kind != "write" or row.seen_by]

    def begin_of(self, task, n):
        """Where the task has gone on last, before row n."""
        return next((i for i in range(n - 1, -1, -1) if self.rows[i].kind == "begin" and self.rows[i].task == task), -1)

    def is_out(self, task, n):
        """Whether the task has been switched away from, at row n, with something begun."""
        ends = [row.kind for row in self.rows[max(self.begin_of(task, n), 0):n] if row.task == task and row.kind in ("switch", "pick")]
        return ends[-1:] == ["switch"]

    def insert(self, row):
        """Put in what was done before: in the run of its task that has its point, after those that came before it."""
        starts = [n for n, other in enumerate(self.rows) if other.kind == "begin"]
        for start, end in zip(starts, starts[1:] + [len(self.rows)]):
            last = self.rows[end - 1]
            # It was switched away from before it did what it had at that point.
            if self.rows[start].task != row.task or last.kind == "switch" and last.point <= row.point or \
                    last.kind == "pick" and last.point < row.point:
                continue
            at = start + 1
            while at < end and not (self.rows[at].task == row.task and (self.rows[at].point, self.rows[at].kind in ("pick", "switch")) >
                                    (row.point, False)):
                at += 1
            self.rows.insert(at, row)
            return
        self.rows.append(row)


def tell(story):
    """In words."""
    told = []
    before = None
    for n, row in enumerate(story.rows):
        if row.kind == "begin":
            last = story.rows[n - 1] if n else None
            if last and last.kind == "pick" and last.task == row.task:
                continue
            told.append(f"  -- {row.name}{f', since {last.name} {last.note}' if last and last.kind == 'pick' else ''}")
        if row.kind in ("begin", "pick", "in"):
            continue
        function, at, text = row.site
        lines = f"  {row.name:<14} {at:<32} {function:<30} {text}" + (f"\n  {'':<78} ({row.note})" if row.note else "")
        if lines != before:
            told.append(lines)
        before = lines
    for row in story.at_end:
        told.append(f"  at the end, {row.name} {row.note}: {row.site[1]} {row.site[0]}")
    if story.cut:
        told.append(f"  the story is cut here: {story.cut} more lines of it were not kept")
    return "\n".join(told)
