# SPDX-License-Identifier: GPL-2.0
"""What is known of programs that do not pass: tests/liburing/<kernel>, which its README.md describes. A program that ends as the
list says counts as skipped, with the reason that the list gives; one that ends otherwise has failed."""

import fnmatch
import os
import re

import ktap as reader
from asked import die, read, shown

LIKE = re.compile(r"like (\d+(?:\.\d+)*)")
LINE = re.compile(r"(\S+)\s+(passes|skips|hangs|exits \d+|signal \d+|may (?:skip|hang|exit \d+))"
                  r"(?:\s+in ([\w-]+(?: (?!before |from )[\w-]+)*))?"
                  r"(?:\s+from (\d+(?:\.\d+)*))?(?:\s+before (\d+(?:\.\d+)*))?"
                  r"\s+# (.*[a-z].*)")
FORM = "NAME passes|skips|hangs|exits N|signal N|may skip|may hang|may exit N [in FLAVOUR...] [from RELEASE] [before RELEASE] # why"
MAY = re.compile(r"may (skip|hang|exit)")
SAID = {"exits": "exited with status", "signal": "killed by signal", "hangs": "still running after"}


def number_of(release):
    """2.15-rc1 is [2, 15, 1]. One that does not say what it is counts as the newest."""
    return [int(part) for part in re.findall(r"\d+", release)] or [999]


class Known:
    """The list at @path, as far as it is about this flavour and this @release of liburing. @programs are all that there are,
    chosen or not, or None for those of another release, which may lack some that the list names."""

    def __init__(self, path, release, programs):
        self.path, self.programs = path, programs
        self.flavour, self.number = os.environ["FLAVOUR"].removeprefix("liburing-"), number_of(release)
        self.coming = set()
        entries = self.lines(path, [])
        self.entries = {name: entry for name, entry in entries.items() if entry[0] != "passes"}

    def lines(self, path, readers):
        """The lines of a list, and under them those of the one that it is like; @readers have led to it."""
        entries, under = {}, {}
        for number, line in enumerate(read(path).decode(errors="replace").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            where = f"{shown(path)}:{number}"
            like = LIKE.fullmatch(line)
            if like:
                other = os.path.join(os.path.dirname(path), like[1])
                if other in [path, *readers] or not os.path.exists(other):
                    die(f"{where}: there is no list {like[1]}, or it is like this one itself")
                under |= self.lines(other, [path, *readers])
                continue
            found = LINE.fullmatch(line)
            if not found:
                die(f"{where} cannot be read, it is no '{FORM}': {line}")
            name, how, flavours, since, until, why = found.groups()
            if flavours and not any(fnmatch.fnmatchcase(self.flavour, one) for one in flavours.split()):
                continue
            if since and self.number < number_of(since) or until and self.number >= number_of(until):
                continue
            if since and self.number == number_of(since):
                self.coming.add(name)
            if name in entries:
                die(f"{where}: {name} is there already")
            entries[name] = (how, why, where)
        return under | entries

    def strangers(self):
        """What the list names and does not exist, or None. What comes after a release has its number until the next one."""
        names = [name for name in self.entries if self.programs is not None and name not in self.programs and
                 name not in self.coming]
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
