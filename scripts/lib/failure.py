# SPDX-License-Identifier: GPL-2.0
"""What failed in a run, in at most 15 lines: the cases with what they expected and where, what the kernel log says,
where a crash was, and where each task waits in a hang."""

import glob
import os
import re
import shlex
import subprocess
import tempfile

MOST = 15
FIRST = re.compile(r"(?:.*[^A-Za-z0-9])?(BUG[: ]|WARNING:|Kernel panic|Oops|general protection|Unable to handle|UBSAN:|INFO: )")
FRAME = re.compile(r"(?:\? )?([A-Za-z_][\w.]*)\+(0x[0-9a-f]+)/(0x[0-9a-f]+)")
EXPECTED = re.compile(r"# (\S+): (EXPECTATION|ASSERTION) FAILED at (\S+):(\d+)")
NOISE = re.compile(r"# \S+: (Test should be marked slow|cost |figure )")
OURS = ["io_uring/*.o", "kernel/task_work.o"]


class Sources:
    """Where a function of the code under test is. @lines: compile its source once more, with debug information, which
    changes no instruction, for the line of an address in it."""

    def __init__(self, objdir, tree, shown, lines):
        self.objdir, self.tree, self.shown, self.lines = objdir, tree, shown, lines
        self.known = None
        self.debug = {}

    def functions(self):
        if self.known is None:
            self.known = {}
            objects = [o for pattern in OURS for o in glob.glob(pattern, root_dir=self.objdir) if "built-in" not in o]
            names = subprocess.run(["nm", "-A", "--defined-only", *sorted(objects)], cwd=self.objdir, capture_output=True,
                                   text=True, check=False).stdout
            for found in re.finditer(r"^(\S+):\S* [tT] (\S+)$", names, re.M):
                self.known.setdefault(found[2], found[1])
        return self.known

    def object_with_lines(self, name):
        """The symbols of the object, as objdump lists them, and its path, compiled with debug information; or None."""
        if name not in self.debug:
            self.debug[name] = None
            directory, base = os.path.split(name)
            try:
                with open(f"{self.objdir}/{directory}/.{base}.cmd", encoding="utf-8") as file:
                    command = file.readline().split(":=", 1)[1].split(";")[0]
                words = [w for w in shlex.split(command) if not w.startswith("-Wp,-M")]
                words[words.index("-o") + 1] = f"{self.tmp.name}/{base}"
                subprocess.run(words + ["-g"], cwd=self.objdir, capture_output=True, timeout=30, check=True)
                symbols = subprocess.run(["objdump", "-t", f"{self.tmp.name}/{base}"], capture_output=True, text=True,
                                         check=True).stdout
                self.debug[name] = symbols, f"{self.tmp.name}/{base}"
            except (OSError, ValueError, IndexError, subprocess.SubprocessError):
                pass
        return self.debug[name]

    def line(self, function, offset, size):
        """The line of function+offset, if the object as it is compiled now has a function of that size."""
        name = self.functions().get(function)
        if not self.lines or not name:
            return None
        self.tmp = getattr(self, "tmp", None) or tempfile.TemporaryDirectory()
        found = self.object_with_lines(name)
        line = rf"^([0-9a-f]+) .{{7}} (\S+)\t([0-9a-f]+) (?:\.hidden )?{re.escape(function)}$"
        symbol = found and re.search(line, found[0], re.M)
        # The kernel rounds sizes up to the next function.
        if not symbol or not 0 <= size - int(symbol[3], 16) < 64:
            return None
        places = subprocess.run(["addr2line", "-i", "-e", found[1], "-j", symbol[2], hex(int(symbol[1], 16) + offset)],
                                capture_output=True, text=True, check=False).stdout.splitlines()
        places = [os.path.normpath(os.path.join(self.objdir, p.split(" ")[0])) for p in places if not p.startswith("?")]
        mine = [p for p in places if re.search(r"/io_uring/[^/]*\.c:|/kernel/task_work\.c:|/tests/", p)]
        return self.path((mine or places or [None])[0])

    def path(self, path):
        """Turn a path of the compiler into one that can be opened from here."""
        if path is None:
            return None
        path = os.path.normpath(os.path.join(self.objdir, path))
        home = re.sub(r"@[^/]*$", "", os.path.dirname(self.tree))
        # The kernel names a suite tests/kunit/..., the compiler by its link.
        for start in (self.objdir, home):
            if path.startswith(f"{start}/tests/"):
                path = os.path.realpath(f"{home}/tests") + path[len(f"{start}/tests"):]
        return self.shown(path)

    def frames(self, lines, most, exact=False):
        """The first frames of a stack that are in the code under test. @exact: the first is where it was, no return."""
        said = []
        for text in lines:
            found = FRAME.search(text)
            if not found or found[1] not in self.functions():
                continue
            offset = int(found[2], 16)
            # UML prints each word on the stack that is an address in a function: nothing returns to the start of one.
            if not offset:
                continue
            place = self.line(found[1], offset if exact else max(offset - 1, 0), int(found[3], 16))
            source = self.functions()[found[1]][:-2] + ".c"
            frame = f"{found[0].lstrip('? ')} ({place or source})"
            if frame not in said:
                said.append(frame)
            if len(said) == most:
                break
            exact = False
        return said


def failed_cases(ktap, sources):
    """A block of lines for each failed result: what it expected."""
    blocks = []
    for result in ktap.failed():
        said = [line.strip() for line in result.said if line.strip() and not NOISE.match(line.strip())]
        block = []
        name = result.name or f"result {result.number}"
        for line in said:
            at = EXPECTED.match(line)
            if at:
                case = at[1] if at[1] == name or at[1] in name else f"{at[1]}, {name}"
                block.append(f"{case}: failed at {sources.path(at[3])}:{at[4]}")
            else:
                block.append("    " + line.lstrip("# "))
        if not any(EXPECTED.match(line) for line in said):
            block.append(f"not ok {result.number} - {name}")
        blocks.append(block)
    return blocks


def crash(console, sources):
    """The first line of the crash report, and the frames in the code under test after it."""
    lines = console.splitlines()
    first = next((n for n, line in enumerate(lines) if FIRST.match(line)), None)
    if first is None:
        return ["the last of its console:"] + ["    " + line for line in lines[-4:]]
    # UML prints where it was before it says that it panics.
    start = max(0, first - 40)
    rip = next((n for n in range(start, min(first + 40, len(lines))) if lines[n].startswith("RIP:")), None)
    said = [lines[first].strip()]
    who = next((n for n in range(start, len(lines)) if lines[n].startswith("Pid:") or " comm: " in lines[n].lower()), None)
    if who is not None:
        comm = re.search(r"comm: (\S+)", lines[who], re.IGNORECASE)
        said.append(f"in task {comm[1]}" if comm else lines[who])
    if rip is not None:
        said += sources.frames(lines[rip:rip + 1], 1, exact=True)
    said += [f for f in sources.frames(lines[first:], 4) if f not in said]
    before = [line.strip() for line in lines[:first] if re.match(r" *(not )?ok \d+ ", line)]
    if before:
        said.append(f"the last result before: {before[-1]}")
    return said


def waits(console, sources):
    """The first frame of each task that has frames in the code under test."""
    said = []
    for block in re.split(r"^(?=task:)", console, flags=re.M)[1:]:
        lines = block.splitlines()
        head = re.match(r"task:(.*?)\s+state:(\S)", lines[0])
        frames = sources.frames(lines[1:60], 2)
        if frames and head:
            said.append([f"task {head[1]}, state {head[2]}, waits in"] + ["    " + frame for frame in frames])
    return said


SCHEDULER = re.compile(r"_*(switch_to|schedule\w*)$")


def stacks(lines, sources):
    """Where the tasks wait whose stacks init has printed."""
    said = []
    for number, line in enumerate(lines):
        head = re.match(r"task \d+ of \d+, (.*), state (\S)", line)
        if not head:
            continue
        frames = []
        for text in lines[number + 1:]:
            if not text.startswith("[<0>]"):
                break
            frames.append(text[5:].strip())
        frames = [f for f in frames if FRAME.match(f) and not SCHEDULER.match(FRAME.match(f)[1])]
        ours = sources.frames(frames, 2) or frames[:2]
        said.append([f"task {head[1]}, state {head[2]}" + (", in" if ours else "")] + ["    " + frame for frame in ours])
    return said


def describe(ktap, why, into, objdir, tree, shown, lines=True, output=True):
    sources = Sources(objdir, tree, shown, lines)
    with open(f"{into}/console", encoding="utf-8", errors="backslashreplace") as file:
        console = file.read().replace("\r", "")
    blocks = failed_cases(ktap, sources)
    if why.startswith("hung"):
        blocks += waits(console, sources)
    elif why.startswith("crashed"):
        blocks = [crash(console, sources)] + blocks
    elif why.startswith("ended"):
        blocks += [[line] for line in console.splitlines()[-3:]]
    # What init says of the run as a whole: leaks, the kernel log, tasks that are left.
    own = [line.strip().lstrip("# ") for line in (ktap.top.said if ktap.top else ktap.late) if line.startswith("#")]
    leaks = [line for line in own if line.startswith("unreferenced object")]
    for line in own:
        if line.startswith(f"{ktap.name}: "):
            blocks.append([line[len(ktap.name) + 2:]])
    blocks += stacks(own, sources)
    if leaks:
        stack = [line for line in own[own.index(leaks[0]):] if FRAME.search(line)]
        blocks.append([f"leak: {leaks[0]}"] + ["    " + frame for frame in sources.frames(stack, 3)])
        if len(leaks) > 1:
            blocks.append([f"and {len(leaks) - 1} more leaks"])
    last = [line.lstrip("#| ") for line in (ktap.top.said if ktap.top else ktap.late) if line.startswith("# |")][-3:]
    if output and last:
        blocks.append(["the last of its output:"] + [f"    {line}" for line in last])
    if not any(ktap.failed()) and why not in ("failed",) and not blocks:
        blocks.append([line for line in console.splitlines()[-3:]] or ["it has printed nothing"])
    return cut(blocks)


def cut(blocks):
    """As many whole blocks as fit, and the number of the others."""
    said = []
    for number, block in enumerate(blocks):
        room = MOST - len(said) - (1 if number + 1 < len(blocks) else 0)
        if len(block) > room and said:
            rest = [next((line for line in b if not line.startswith(" ")), b[0]).strip() for b in blocks[number:]]
            return said + [f"and {len(rest)} more: {'; '.join(rest)}"[:160]]
        said += block[:room]
    return said
