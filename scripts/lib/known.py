# SPDX-License-Identifier: GPL-2.0
"""What is known of programs that do not pass: tests/liburing/<kernel>, which its README.md describes. A program that ends as the
list says counts as skipped, with the reason that the list gives; one that ends otherwise has failed."""

import fnmatch
import os
import re

import ktap as reader
from asked import die, read, shown

LINE = re.compile(r"(\S+)\s+(skips|hangs|exits \d+|signal \d+|may (?:skip|hang|exit \d+))"
                  r"(?:\s+in ([\w-]+(?: (?!before |from )[\w-]+)*))?"
                  r"(?:\s+(before|from) (\d+(?:\.\d+)*))?"
                  r"\s+# (.*[a-z].*)")
FORM = "NAME skips|hangs|exits N|signal N|may skip|may hang|may exit N [in FLAVOUR...] [before|from RELEASE] # why"
MAY = re.compile(r"may (skip|hang|exit)")
SAID = {"exits": "exited with status", "signal": "killed by signal", "hangs": "still running after"}


def number_of(release):
    """2.15-rc1 is [2, 15, 1]. One that does not say what it is counts as the newest."""
    return [int(part) for part in re.findall(r"\d+", release)] or [999]


class Known:
    """The list at @path, as far as it is about this flavour and this @release of liburing. @programs are all that there are,
    chosen or not, or None for those of another release, which may lack some that the list names."""

    def __init__(self, path, release, programs):
        self.path, self.entries = path, {}
        flavour = os.environ["FLAVOUR"].removeprefix("liburing-")
        for number, line in enumerate(read(path).decode(errors="replace").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            found = LINE.fullmatch(line)
            where = f"{shown(path)}:{number}"
            if not found:
                die(f"{where} cannot be read, it is no '{FORM}': {line}")
            name, how, flavours, when, since, why = found.groups()
            if flavours and not any(fnmatch.fnmatchcase(flavour, one) for one in flavours.split()):
                continue
            if when and (number_of(release) < number_of(since)) != (when == "before"):
                continue
            if name in self.entries:
                die(f"{where}: {name} is there already")
            self.entries[name] = (how, why, where)
        self.programs = programs

    def strangers(self):
        """What the list names and does not exist, or None."""
        names = [name for name in self.entries if self.programs is not None and name not in self.programs]
        return f"{shown(self.path)} names {' '.join(names)}: there is no such program" if names else None

    def ends(self, ktap, why):
        """How a run ended, in the words of the list, or what else became of it."""
        if why is None:
            return "skips" if ktap.skips() else "passes"
        reasons = [line.partition(": ")[2] for line in (ktap.top.said if ktap.top else []) if line.startswith(f"# {ktap.name}: ")]
        if why == "failed" and len(reasons) == 1:
            for word, said in SAID.items():
                found = re.match(rf"{said} (\d+)", reasons[0])
                if found:
                    return word if word == "hangs" else f"{word} {found[1]}"
        return why

    def judge(self, ktap, why):
        """(why the run has failed after all, or None; why that was to be expected, or None)"""
        ends = self.ends(ktap, why)
        how, reason, where = self.entries.get(ktap.name, ("passes", None, None))
        may = how.startswith("may ")
        if ends == (MAY.sub(r"\1s", how) if may else how):
            return None, reason
        if may and ends == "passes":
            return None, None
        if reason:
            return (f"{why}, {how} by {where}" if why else f"{ends}, and {how} by {where}"), None
        if ends == "skips":
            return f"skipped, which is not in {shown(self.path)}: {ktap.skips()}", None
        return why, None

    def text(self, ktap, text):
        """The KTAP of a run, with the result that is known as a skip."""
        _, reason, _ = self.entries.get(ktap.name, (None, None, None))
        return re.sub(r"^(not )?ok 1 .*", f"ok 1 {ktap.name} # SKIP known: {reason}", text, flags=re.M)
