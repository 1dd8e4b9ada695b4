# SPDX-License-Identifier: GPL-2.0
"""The verdict on the KTAP of one run, read strictly: in doubt the run has failed.

The format is that of Documentation/dev-tools/ktap.rst as init and KUnit write it: each level is indented by four more
spaces, results of a deeper level come before the result that they belong to, lines that start with # are diagnostics."""

import re

RESULT = re.compile(r"(not )?ok (\d+)(?: -(?= )| *$|(?= ))(.*)")
PLAN = re.compile(r"1\.\.(\d+)( *# *SKIP.*)?$")
SKIP = re.compile(r"#\s*SKIP\b\s*(.*)", re.IGNORECASE)
# KUnit's own sums and attributes, which say nothing that the results do not say.
SUMS = re.compile(r"# (\S+: pass:\d+ fail:\d+|Totals: |Subtest: |\S+\.(speed|module|is_init): |module: )")
# How init begins each line of a program's output, which is no KTAP.
SAID = "# |"
# In any place but a result's name: a stream that was given up.
BAIL = re.compile(r"(# ?)?Bail out!")


class Result:
    """One result, with what was said before it and the results of the level below."""

    def __init__(self, match, said, level):
        self.ok = not match[1]
        self.number = int(match[2])
        text = match[3].strip()
        skip = SKIP.search(text)
        self.skip = (skip[1] or "no reason given") if skip else None
        self.name = SKIP.split(text)[0].strip() if skip else text
        self.said = said
        self.inner = level.results

    def leaves(self):
        """The results without a level below them; this one if it has none."""
        if not self.inner:
            return [self]
        return [leaf for result in self.inner for leaf in result.leaves()]


class Level:
    def __init__(self):
        self.planned = None
        self.results = []


class Stream:
    """A KTAP stream: its results, and whatever is wrong with its form."""

    def __init__(self, data):
        self.wrong = []
        self.said = []
        self.levels = [Level()]
        for number, line in enumerate(data.split(b"\n"), 1):
            line = line.rstrip(b"\r")
            bad = next((byte for byte in line if byte < 32 and byte != 9), None)
            if bad is not None:
                self.wrong.append(f"line {number} of its KTAP holds a byte {bad:#04x}")
                line = line.replace(b"\0", b"")
            self.line(line.decode(errors="backslashreplace"), number)
        if self.close(0).results:
            self.wrong.append("results in its KTAP that belong to none")
        self.results = self.levels[0].results

    def line(self, line, number):
        text = line.lstrip(" \t")
        depth = (len(line) - len(text)) // 4
        result = RESULT.match(text)
        if result:
            below = self.close(depth)
            level = self.level(depth)
            level.results.append(Result(result, self.said, below))
            self.said = []
            if level.results[-1].number != len(level.results):
                self.wrong.append(f"line {number} of its KTAP: result {result[2]} comes as number {len(level.results)}")
        elif text.startswith("not ok"):
            self.wrong.append(f"line {number} of its KTAP is no result: {text}")
        elif BAIL.match(text):
            self.wrong.append(text.lstrip("# "))
        elif text.startswith("1..") and PLAN.match(text):
            level = self.level(depth)
            if level.planned is not None:
                self.wrong.append(f"line {number} of its KTAP is a second plan: {text}")
            level.planned = int(PLAN.match(text)[1])
        elif text and not text.startswith("KTAP version") and not SUMS.match(text):
            self.said.append(line)

    def level(self, depth):
        while len(self.levels) <= depth:
            self.levels.append(Level())
        return self.levels[depth]

    def close(self, depth):
        """End the levels below. Return the first of them: its results belong to the result that is next."""
        for level in self.levels[depth + 2:]:
            if level.results:
                self.wrong.append("results in its KTAP that belong to none")
        below = self.levels[depth + 1] if len(self.levels) > depth + 1 else Level()
        # KUnit of older kernels plans no parameters of a case.
        if below.planned is None and depth == 0 and below.results:
            self.wrong.append(f"{len(below.results)} results in its KTAP, none planned")
        elif below.planned not in (None, len(below.results)):
            self.wrong.append(f"{len(below.results)} results in its KTAP, {below.planned} planned")
        del self.levels[depth + 1:]
        return below


class Run:
    """The KTAP @data of a run of the test @name. That of a @program has one result, and no cases."""

    def __init__(self, data, name, program=False):
        stream = Stream(data)
        self.name = name
        self.program = program
        self.wrong = stream.wrong
        self.late = stream.said
        self.top = stream.results[0] if len(stream.results) == 1 else None
        self.plan = stream.levels[0].planned
        self.cases = self.top.inner if self.top else []
        self.skipped = [case for case in self.cases if case.skip]

    def failed(self):
        """The results that have failed, of the deepest level."""
        if not self.top or self.program:
            return []
        leaves = [leaf for leaf in self.top.leaves() if not leaf.ok]
        return leaves or [case for case in self.cases if not case.ok]

    def reason(self, status):
        """Why this run has not passed, given the exit status, 0 or 1, of ./linux; or None."""
        top = self.top
        if not top or self.plan != 1:
            return f"exit status {status}, without one result in its KTAP"
        if not top.ok:
            return "failed"
        if self.wrong:
            return self.wrong[0]
        if status:
            return f"exit status {status}, though its KTAP says ok"
        if any(not leaf.ok for leaf in top.leaves()) or any(not case.ok for case in self.cases):
            return "a case failed, though its KTAP says ok"
        if not self.cases and not top.skip and not self.program:
            return "no results in its KTAP"
        if top.name != self.name:
            return f"its KTAP is that of {top.name}"
        return None

    def ended(self):
        """How a program has passed."""
        return next((line[2:] for line in self.top.said if line.startswith("# endless: ")), "exited with 0")

    def skips(self):
        """Why nothing of this run was tested; None if anything was."""
        if self.top and self.top.skip and not self.cases:
            return self.top.skip
        if self.cases and len(self.skipped) == len(self.cases):
            return self.cases[0].skip
        return None

    def counts(self):
        """Passed and skipped, as the kernel's parser counts them: of the deepest level."""
        leaves = self.top.leaves() if self.top else []
        skipped = sum(1 for leaf in leaves if leaf.skip)
        return len(leaves) - skipped, skipped
