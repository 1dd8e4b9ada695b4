# SPDX-License-Identifier: GPL-2.0
"""The one reader of gcov's counts. As a command, cov() of scripts/lib/counts.sh calls it:

cov.py COMMAND TREE OBJDIR RESULTS ID [ARGUMENT...]

    runs                    the runs that left counts of this build
    reach SOURCE...         "source line test", and "source line -" for a line with code that no test reaches
    calls RUN SOURCE FUNCTION...
                            "function count": how often that run called each function
    table KERNEL COUNTS OUT [FLAVOUR]
                            the table of coverage/targets, from the counts of all runs added up, in the directory COUNTS; what
                            it says of each line goes to the file OUT. FLAVOUR: with what exploration reaches (elsewhere.py)
    patch NAME ADDED IN     the lines of the file ADDED, "source number" each, of the change NAME
    lines KERNEL OUT SOURCE...
                            the same for these sources alone, from the counts of the runs themselves; prints those with code
    targets KERNEL          the sources that coverage/targets names, if it can be read
    who SOURCE:LINE|SOURCE:FUNCTION [CASES]
                            the runs that reach it, and how often each does; and of suites the cases, whose results, a run a
                            case, are in the directory CASES

RESULTS has a directory for each run, with the counts in gcov/ and the ID of the build in linux.id. There can be more of
them, with a colon between; a run in programs-default, if that comes behind the first, is called programs/NAME, and one in
explored-explore explored/NAME. What another build left
is not looked at; counts of this build that do not fit its objects are an error."""

import json
import os
import struct
import subprocess
import sys
import tempfile

import elsewhere
import targets as floors


class Error(Exception):
    """One line: what is wrong, and what to do."""


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def whole(data):
    """Whether a .gcda ends where its records end, with a tag of 0. gcov takes what is cut off for counts of 0."""
    at = 16
    while at + 8 <= len(data):
        tag, length = struct.unpack_from("<Ii", data, at)
        if not tag:
            break
        at += 8 + max(length, 0)  # less than 0: that many bytes of zeros, which are not there
    return data[at:] == bytes(4)


def read(*path):
    """Read a file that may be missing, and that may hold anything."""
    try:
        with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Build:
    """A build of the kernel: its sources in tree, its objects in objdir, the results of its runs."""

    def __init__(self, tree, objdir, results, ident):
        self.tree, self.objdir, self.ident = tree, objdir, ident.strip()
        self.results, *self.more = results.split(":")
        self.counted = tuple(floors.counted())
        self.verb = "make explore" if objdir.endswith("/um-explore") else "make test"

    def notes(self):
        """The objects that are counted, without suffix: io_uring/io-wq."""
        for top in sorted({counted.partition("/")[0] for counted in self.counted}):
            for where, dirs, names in os.walk(os.path.join(self.objdir, top)):
                dirs.sort()
                for name in sorted(names):
                    if name.endswith(".gcno"):
                        yield os.path.relpath(os.path.join(where, name[:-5]), self.objdir)

    def objects(self, sources):
        """The objects with code of these sources: one for most sources, several for a header."""
        found = []
        for stem in self.notes():
            text = contents(os.path.join(self.objdir, stem + ".gcno"))
            if any(b"../" + source.encode() + b"\0" in text for source in sources):
                found.append(stem)
        return found

    def runs(self):
        """{name: directory of the counts} of the runs of this build that left counts."""
        found = {}
        for results in [self.results, *self.more]:
            prefix = "" if results == self.results else os.path.basename(results).partition("-")[0] + "/"
            for name in sorted(os.listdir(results) if os.path.isdir(results) else []):
                counts = os.path.join(results, name, "gcov")
                if read(results, name, "linux.id").strip() == self.ident and \
                        any(file.endswith(".gcda") for _, _, files in os.walk(counts) for file in files):
                    found[prefix + name] = counts
        if not found:
            raise Error(f"no counts from this build of the kernel: run {self.verb} first")
        return found

    def check(self, counts, stem):
        """Whether there are counts of an object in that directory. Those of another compilation, whose stamp is not that of
        the notes, and those that are cut off would be added up in silence."""
        path = os.path.join(counts, stem + ".gcda")
        if not os.path.exists(path):
            return False
        data = contents(path)
        run = os.path.basename(os.path.dirname(counts))
        if not whole(data):
            raise Error(f"the counts of {run} for {stem}.o are cut off ({path}): no space left? Run {self.verb} again")
        # Magic number, version of gcc, stamp.
        if data[4:12] != contents(os.path.join(self.objdir, stem + ".gcno"))[4:12]:
            raise Error(f"the counts of {run} for {stem}.o are of another compilation of it ({path}): run {self.verb} again")
        return True

    def gcov(self, runs, stems, *options):
        """(run, gcov's JSON) of each object in each of the runs, {name: directory of the counts}."""
        with tempfile.TemporaryDirectory() as tmp:
            jobs = []
            for name, counts in runs.items():
                files = []
                for stem in stems:
                    if self.check(counts, stem):
                        link = os.path.join(tmp, name, stem)
                        os.makedirs(os.path.dirname(link), exist_ok=True)
                        # gcov wants the notes beside the counts.
                        os.symlink(os.path.abspath(os.path.join(counts, stem + ".gcda")), link + ".gcda")
                        os.symlink(os.path.abspath(os.path.join(self.objdir, stem + ".gcno")), link + ".gcno")
                        files.append(stem + ".gcda")
                if files:
                    jobs.append((name, files))
            for first in range(0, len(jobs), os.cpu_count() or 1):
                started = []
                for name, files in jobs[first:first + (os.cpu_count() or 1)]:
                    with open(os.path.join(tmp, name, "out"), "wb") as out, open(os.path.join(tmp, name, "err"), "wb") as err:
                        started.append((name, subprocess.Popen(
                            ["gcov", "--json-format", "-t", *options, "--", *files],
                            cwd=os.path.join(tmp, name), stdin=subprocess.DEVNULL, stdout=out, stderr=err)))
                status = [process.wait() for _, process in started]
                for (name, _), bad in zip(started, status):
                    said = read(tmp, name, "err").strip()
                    if bad or said:
                        raise Error(f"gcov cannot read the counts of {name}: {said.splitlines()[-1] if said else bad}")
                    with open(os.path.join(tmp, name, "out"), encoding="utf-8") as out:
                        for line in out:
                            yield name, json.loads(line)

    def per_run(self, sources):
        """{source: ({line: {run: count}}, {function: {run: count}}, {line: function})}. What several objects hold of a
        header is added up; of the functions that share a line (a system call and its wrappers) the highest count is taken."""
        found = {source: ({}, {}, {}) for source in sources}
        for run, data in self.gcov(self.runs(), self.objects(sources)):
            for file in data["files"]:
                source = file["file"].removeprefix("../")
                if source not in found:
                    continue
                lines, functions, inside = found[source]
                own = {}
                for line in file["lines"]:
                    number = line["line_number"]
                    own[number] = max(own.get(number, 0), line["count"])
                    if "function_name" in line:
                        inside[number] = line["function_name"]
                for number, count in own.items():
                    lines.setdefault(number, {}).setdefault(run, 0)
                    lines[number][run] += count
                for function in file["functions"]:
                    counts = functions.setdefault(function["name"], {})
                    counts[run] = counts.get(run, 0) + function["execution_count"]
        return found

    def sums(self, sources):
        """gcov's JSON of each object with code of these sources, with the counts of all runs added up."""
        found = {}
        for _, data in self.gcov(self.runs(), self.objects(sources), "-b"):
            first = found.setdefault(data["data_file"], data)
            if first is data:
                continue
            for into, file in zip(first["files"], data["files"]):
                for line, more in zip(into["lines"], file["lines"]):
                    line["count"] += more["count"]
                    for branch, other in zip(line["branches"], more["branches"]):
                        branch["count"] += other["count"]
                for function, more in zip(into["functions"], file["functions"]):
                    function["execution_count"] += more["execution_count"]
        return found.values()

    def total(self, objects):
        """{source: floors.Source} of gcov's JSON of objects, all runs added up. What several objects hold of a header is added
        up."""
        lines, functions = {}, {}
        for data in objects:
            for file in data["files"]:
                source = file["file"].removeprefix("../")
                if not source.startswith(self.counted):
                    continue
                lines.setdefault(source, {})
                functions.setdefault(source, {})
                for line in file["lines"]:
                    taken = [branch["count"] for branch in line["branches"]]
                    count, before = lines[source].get(line["line_number"], (0, []))
                    same = len(before) == len(taken)
                    lines[source][line["line_number"]] = (
                        count + line["count"], [a + b for a, b in zip(before, taken)] if same else before + taken)
                for function in file["functions"]:
                    at = function["name"], function["start_line"], function["end_line"]
                    functions[source][at] = functions[source].get(at, 0) + function["execution_count"]
        return {source: floors.Source(self.tree, source, lines[source], [(*at, calls) for at, calls in functions[source].items()])
                for source in lines if lines[source]}


def targets(_, kernel):
    print("\n".join(floors.Targets(kernel).sources()))


def table(build, kernel, counts, out, flavour=""):
    found = build.total(data for _, data in build.gcov({"all": counts}, list(build.notes()), "-b"))
    rows, good = elsewhere.table(build, floors.Targets(kernel), found, flavour)
    print("\n".join(rows))
    write(out, found)
    return 0 if good else 1


def lines(build, kernel, out, *sources):
    found = build.total(build.sums(sources))
    floors.table(floors.Targets(kernel), found)  # leaves out what cannot be reached
    found = {name: source for name, source in found.items() if name in sources}
    write(out, found)
    print("\n".join(found))


def write(out, found):
    with open(out, "w", encoding="utf-8") as file:
        json.dump({name: {number: [line.count, line.marks()] for number, line in source.lines.items()}
                   for name, source in found.items()}, file)


def patch(build, name, added, counted):
    numbers = {}
    for line in read(added).splitlines():
        source, number = line.split()
        numbers.setdefault(source, []).append(int(number))
    rows, good = floors.patch(name, numbers, json.loads(read(counted)), build.tree)
    print("\n".join(rows))
    return 0 if good else 1


def runs(build):
    names = build.runs()
    for counts in names.values():
        for stem in build.notes():
            build.check(counts, stem)
    print("\n".join(names))


def reach(build, *sources):
    for source, (lines, _, _) in build.per_run(sources).items():
        if not lines:
            raise Error(f"{source} has no code that is counted")
        for number, counts in sorted(lines.items()):
            names = [run for run, count in counts.items() if count] or ["-"]
            for name in names:
                print(source, number, name)


def calls(build, run, source, *functions):
    build_of_run = read(build.results, run, "linux.id").strip()
    if build_of_run and build_of_run != build.ident:
        raise Error(f"the counts of {run} are those of another build: make test T={run}")
    stem = source.removesuffix(".c")
    counts = os.path.join(build.results, run, "gcov")
    if not build_of_run or not build.check(counts, stem):
        raise Error(f"no counts of {source} in {counts}: run make test T={run} with a flavour that has gcov")
    found = {}
    for _, data in build.gcov({run: counts}, [stem]):
        for file in data["files"]:
            for function in file["functions"]:
                found[function["name"]] = function["execution_count"]
    for name in functions:
        if name not in found:
            raise Error(f"no function {name} in the counts of {source}")
    for name in functions:
        print(name, found[name])


def counts_at(build, source, place):
    lines, functions, _ = build.per_run([source])[source]
    return lines.get(int(place), {}) if place.isdigit() else functions.get(place, {})


def who(build, at, cases=""):
    source, _, place = at.rpartition(":")
    text = read(build.tree, source).splitlines()
    names = build.runs()
    lines, functions, inside = build.per_run([source])[source]
    if not lines and not functions:
        raise Error(f"{source} has no code that is counted: counts are of io_uring/ and kernel/task_work.c")
    if not place.isdigit():
        if place not in functions:
            raise Error(f"no function {place} with code in {source}")
        counts = functions[place]
        print(f"{source}: {place}()")
    else:
        number = int(place)
        if not 0 < number <= len(text):
            raise Error(f"no line {number} in {source}, it has {len(text)}")
        said = text[number - 1].strip()
        if number not in lines:
            after = min((n for n in lines if n > number), default=0)
            raise Error(f"line {number} of {source} holds no code" + (f": {said}" if said else "") +
                        (f" (the next that does is {after})" if after else ""))
        counts = lines[number]
        print(f"{source}:{number}" + (f", in {inside[number]}()" if number in inside else "") + f": {said}")
    reached = sorted(((count, run) for run, count in counts.items() if count), key=lambda c: (-c[0], c[1]))
    alone = {}
    if cases:
        alone = counts_at(Build(build.tree, build.objdir, cases, build.ident), source, place)
    for count, run in reached:
        print(f"  {run:<44} {count:12d}")
        for times, case in sorted(((n, case) for case, n in alone.items() if n and case.startswith(run + ".")),
                                  key=lambda c: (-c[0], c[1])):
            print(f"    {case:<42} {times:12d}")
    if not reached:
        print(f"reached by none of {len(names)} runs")
        return 1
    print(f"reached {sum(count for count, _ in reached)} times, by {len(reached)} of {len(names)} runs")
    return 0


COMMANDS = {command.__name__: command for command in (targets, table, lines, patch, runs, reach, calls, who)}


def main(name, tree, objdir, results, ident, *arguments):
    return COMMANDS[name](Build(tree, objdir, results, ident), *arguments) or 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (Error, floors.Unreadable, OSError, ValueError) as error:
        print(f"{os.environ.get('ME', 'cov')}: error: {error}", file=sys.stderr)
        sys.exit(2)
