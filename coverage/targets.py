# SPDX-License-Identifier: GPL-2.0
"""What coverage/targets asks for, and what the counts make of it: the table of targets, and what a patch adds."""

import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "targets")
KINDS = "one", "all", "line"


class Unreadable(Exception):
    """A line of coverage/targets that says nothing."""


def counted():
    """What is counted at all: directories, with a / at the end, and sources; for make review, sources that a patch touches."""
    with open(PATH, encoding="utf-8") as file:
        return [name for line in file if line.startswith("counted") for name in line.split()[1:]] + \
            os.environ.get("ALSO_COUNTED", "").split()


class Targets:
    """coverage/targets as far as it is about one kernel: {target: floors}, and the exceptions as (where, kind, text, trial): the
    trial of one that exploration reaches, or ""."""

    def __init__(self, kernel):
        self.floors, self.exceptions = {}, []
        known = os.listdir(os.path.join(os.path.dirname(PATH), "..", "patches"))
        here = True
        with open(PATH, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                text, _, reason = line.strip().partition("\t#")
                if not reason:
                    text, _, reason = line.strip().partition(" #")
                field = text.split(None, 3)
                if not field or field[0].startswith("#"):
                    continue
                if field[0] == "kernel" and len(field) == 2 and field[1] in known:
                    here = field[1] == kernel
                elif field[0] != "counted" and not self.entry(field, text, here, reason):
                    raise Unreadable(f"coverage/targets:{number}: cannot be read: {line.strip()}")
        if not self.floors:
            raise Unreadable(f"coverage/targets names no target for kernel {kernel}")

    def entry(self, field, text, here, reason):
        if field[0] in ("unreachable", "explored"):
            trial = reason.split()[0].rstrip(":") if field[0] == "explored" and reason.strip() else ""
            if len(field) < 4 or field[2] not in KINDS or not re.search("[a-z]", reason):
                return False
            entry = field[1], field[2], field[3], trial
        elif field[0] == "folded":
            field = text.split(None, 2)
            if len(field) < 3 or not re.search("[a-z]", reason):
                return False
            entry = field[1], "folded", field[2], ""
        else:
            floors = text.split()[1:]
            if len(floors) != 3 or not all(re.fullmatch(r"[\d.]+", floor) for floor in floors) or reason:
                return False
            if here:
                self.floors[field[0]] = [float(floor) for floor in floors]
            return True
        if here:
            self.exceptions.append(entry)
        return True

    def sources(self):
        return sorted({name.partition(":")[0] for name in self.floors})


def conditions(branches, text):
    """gcov's branches of a line, one condition's after the other: two each, and all of them for a switch."""
    if text.lstrip().startswith("switch") or len(branches) % 2:
        return [branches] if branches else []
    return [branches[i:i + 2] for i in range(0, len(branches), 2)]


class Line:
    """A line with code. Conditions that were not evaluated say nothing where others on the line were: what kept them from
    it is a condition that lacks an outcome itself, or one that the compiler decided."""

    def __init__(self, count, branches, text):
        self.count, self.conditions, self.text = count, conditions(branches, text), text
        self.explored = []  # those of which only exploration has each outcome; or the line itself, if only that reaches it

    def told(self):
        return [c for c in self.conditions if any(c)] or self.conditions

    def lacking(self):
        return [c for c in self.told() if not all(c) and not any(c is e for e in self.explored)]

    def leave_out(self, some):
        self.conditions = [c for c in self.conditions if not any(c is s for s in some)]
        # Those that nothing evaluates are not to stand for the line now.
        if self.count and not any(any(c) for c in self.conditions):
            self.conditions = []

    def unfold(self, text):
        """What text stands for has a condition that gcc decides once it has counted it: it goes one way only, and behind
        the other are two that nothing evaluates. Once for each time that the text is there."""
        folded = []
        for i, condition in enumerate(self.conditions[:-2]):
            if len(folded) < 3 * self.text.count(text) and not condition[0] and any(condition) and \
                    not any(map(any, self.conditions[i + 1:i + 3])):
                folded += self.conditions[i:i + 3]
        self.leave_out(folded)
        return bool(folded)

    def branches(self):
        """Whether each condition of it went each way."""
        return bool(self.count and self.conditions and not self.lacking())

    def marks(self):
        if self.explored and not self.conditions:
            return "e"
        return "".join("+" if taken else "e" if any(c is e for e in self.explored) else "-" for c in self.told() for taken in c)


class Source:
    """The lines with code of a source and its functions, (name, first line, last line, calls)."""

    def __init__(self, tree, name, lines, functions):
        self.name, self.functions = name, functions
        with open(os.path.join(tree, name), encoding="utf-8", errors="replace") as file:
            self.text = [""] + file.read().split("\n")
        self.lines = {number: Line(count, branches, self.text[number] if number < len(self.text) else "")
                      for number, (count, branches) in lines.items()}
        self.wrong = []

    def inside(self, function):
        """The numbers of a function's lines, or of all."""
        for name, first, last, _ in self.functions:
            if name == function:
                return [n for n in sorted(self.lines) if first <= n <= last]
        return [] if function else sorted(self.lines)

    def apply(self, where, kind, text, explored):
        """An exception; where it does not hold, that is wrong. explored is what exploration has reached of the source instead,
        {number: [count, marks]}."""
        function = where.partition(":")[2]
        if not any(text in line for line in self.text):
            self.wrong.append(f"{where}: no line with {text}")
            return
        for number in self.inside(function):
            line = self.lines[number]
            if text not in line.text:
                continue
            if kind == "line":
                if line.count:
                    self.wrong.append(f"{where}: reached: {text}")
                elif number in explored and explored[number][0]:
                    line.count, line.conditions, line.explored = explored[number][0], [], [line]
                else:
                    del self.lines[number]
            elif line.count and line.conditions:
                lacking = line.lacking()
                if not lacking:
                    self.wrong.append(f"{where}: all outcomes reached in line {number}: {text}")
                lacking = lacking[:1] if kind == "one" else lacking
                if whole(explored.get(number)):
                    line.explored += lacking
                else:
                    line.leave_out(lacking)

    def unfold(self, text):
        lines = [line for line in self.lines.values() if text in line.text and line.count]
        if not [line for line in lines if line.unfold(text)] and (lines or not any(text in line for line in self.text)):
            self.wrong.append(f"{self.name}: nothing is folded: {text}")

    def figures(self, function):
        """(hit, found) of lines, functions, and lines that branch: such a line is hit if each condition went each way."""
        lines = [self.lines[n] for n in self.inside(function)]
        functions = [calls for name, _, _, calls in self.functions if name == function or not function]
        branching = [line for line in lines if line.conditions]
        return ((sum(line.count > 0 for line in lines), len(lines)), (sum(c > 0 for c in functions), len(functions)),
                (sum(not line.lacking() for line in branching), len(branching)))


def whole(said):
    """Whether each condition of a line, [count, marks], went each way."""
    return bool(said and said[0] and said[1] and "-" not in said[1])


def cell(hit, found):
    return f"{100 * hit / found if found else 100:6.1f} % of {found:4d}"


def leave_out(exceptions, sources, explored=None):
    """Leave the exceptions out of the sources; those that exploration reaches are hit, if explored has them."""
    for where, kind, text, trial in exceptions:
        name = where.partition(":")[0]
        if name in sources and kind == "folded":
            sources[name].unfold(text)
        elif name in sources:
            sources[name].apply(where, kind, text, (explored or {}).get(name, {}) if trial else {})


def table(targets, sources, explored=None):
    """The rows of the table, and whether all is as it should be. The exceptions are left out of the sources from here on."""
    leave_out(targets.exceptions, sources, explored)
    rows = [f"coverage/targets: {wrong}!" for source in sources.values() for wrong in source.wrong]
    rows.append(f"{'target':<46} {'lines':>17} {'functions':>17} {'lines that branch':>17}")
    good, low = len(rows) == 1, False
    for name, floors in targets.floors.items():
        file, _, function = name.partition(":")
        source = sources.get(file)
        if not source or not source.inside(function):
            rows.append(f"{name:<46} not in the coverage data!")
            good = False
            continue
        row = f"{name:<46}"
        for (hit, found), floor in zip(source.figures(function), floors):
            below = found and 100 * hit / found < floor
            low = low or below
            row += f" {cell(hit, found)}{'!' if below else ' '}"
        rows.append(row)
    if low:
        rows.append("! below its floor in coverage/targets")
    return rows, good and not low


def patch(name, added, counted, tree):
    """The row of totals of the added lines, {file: numbers}, and below it those that were not reached or do not branch
    each way; and whether there are any. counted is {file: {number: [count, marks]}}, without the exceptions."""
    lines, branching, below = [], [], []
    for file, numbers in added.items():
        if file not in counted:
            if file.endswith(".c"):
                below.append(f"    {file}: is not counted")
            continue
        with open(os.path.join(tree, file), encoding="utf-8", errors="replace") as text:
            text = text.read().split("\n")
        for number in numbers:
            if str(number) not in counted[file]:
                continue
            count, marks = counted[file][str(number)]
            lines.append(count > 0)
            if marks:
                branching.append("-" not in marks)
            what = "not reached" if not count else f"branches {marks}" if "-" in marks else ""
            if what:
                below.append(f"    {file}:{number}: {what}: {text[number - 1].strip()}")
    return [f"{name:<32} {cell(sum(lines), len(lines))} {cell(sum(branching), len(branching))}"] + below, not below
