# SPDX-License-Identifier: GPL-2.0
"""For review.sh: what its notes and the results of both sides say of a patch; the verdict.

review.py OUT HOME FLAVOUR TREE SHOWN   print the screen; write OUT/reply, OUT/index.html and OUT/verdict
review.py --worse HOME FLAVOUR          print how many runs fail after the patch and not before

OUT has facts, a row each: a name and its text, with a tab between; SHOWN is its path as it is printed. Exit status: 0 nothing was
found, 1 something was, 2 it cannot be told."""

import os
import re
import sys
import traceback
from collections import Counter, defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../coverage"))
import failure
import ktap as reader
from cov import read

SIDES = "before", "after"


def rows(*path):
    return [line.split("\t") for line in read(*path).splitlines()]


def shown(path):
    here = (os.environ.get("UMRING_PWD") or os.getcwd()).rstrip("/") + "/"
    return os.path.relpath(path, here) if path.startswith(here) else path


def some(number, thing):
    return f"{number} {thing}" + ("" if number == 1 else "s" if not thing.endswith("s") else "es")


class Run:
    """A run of one side: its verdict, {case: "passed", "skipped" or "failed"}, what the failed ones say, its figures."""

    def __init__(self, home, side, flavour, name):
        variant = f"{home}@review-{side}"
        self.where = f"{variant}/results-{flavour}/{name}"
        self.verdict = read(self.where, "verdict").strip()
        ktap = reader.Run(read(self.where, "ktap").encode(), name.partition(".")[0])
        self.cases, self.said, failed = {}, {}, []
        for leaf in ktap.top.leaves() if ktap.top else []:
            label = leaf.name
            while label in self.cases:  # parameters may share a name
                label += "'"
            self.cases[label] = "skipped" if leaf.skip else "passed" if leaf.ok else "failed"
            failed += [] if leaf.ok else [label]
        if self.verdict == "failed":
            sources = failure.Sources(f"{variant}/tree/um-{flavour}", f"{variant}/tree", shown, False)
            self.said = dict(zip(failed, failure.failed_cases(ktap, sources)))
        strip = shown(f"{variant}/tree") + "/"
        self.failure = [line.replace(strip, "") for line in read(self.where, "failure").splitlines()]
        self.figures = re.findall(r"figure ([^:\n]+): (.*)", read(self.where, "ktap"))

    def failed(self, name, case):
        """(name, what it says): where it failed, and what it expected."""
        lines = self.said.get(case, [])
        at = re.match(r"(.*): (failed at .*)", lines[0]) if lines else None
        return (f"{name}.{at[1]}", [at[2]] + lines[1:]) if at else (f"{name}.{case}" if case != name else name, lines)

    def bad(self):
        return self.verdict not in ("passed", "skipped")


class Sides:
    """The runs of both sides in a flavour. Without results of a run before the patch it is taken to have passed: such runs are
    made only if the other one fails."""

    def __init__(self, home, flavour, suffix=""):
        self.runs = {}
        for side in SIDES:
            top = f"{home}@review-{side}{suffix}/results-{flavour}"
            names = sorted(os.listdir(top)) if os.path.isdir(top) else []
            self.runs[side] = {name: Run(home, side + suffix, flavour, name) for name in names
                               if os.path.isdir(os.path.join(top, name))}
        self.alone = bool(suffix)

    def counts(self, side):
        return Counter(state for run in self.runs[side].values() for state in run.cases.values())

    def changed(self, a, b):
        """[(name, what it says)] of the cases that fail on side b, and not on a; for a run that gave no result, of the run."""
        found = []
        for name, run in self.runs[b].items():
            was = self.runs[a].get(name)
            if not run.bad() or not run.verdict:
                continue
            own = [case for case, state in run.cases.items() if state == "failed" and
                   (was.cases.get(case) != "failed" if was else True)]
            if run.verdict == "failed" and own:
                found += [run.failed(name, case) for case in own]
            elif not (was and was.bad()) or (run.verdict != "failed" and was.verdict == "failed"):
                how = [run.verdict.partition(", the stacks")[0]] if run.verdict != "failed" or not run.failure else []
                found.append((name, how + run.failure[:6]))
        return found

    def both(self):
        return [name for name, run in self.runs["after"].items()
                if run.bad() and name in self.runs["before"] and self.runs["before"][name].bad()]

    def now_skipped(self):
        found = []
        for name, run in self.runs["after"].items():
            was = self.runs["before"].get(name)
            found += [f"{name}.{case}" for case, state in run.cases.items()
                      if was and state == "skipped" and was.cases.get(case) == "passed"]
        return found

    def figures(self):
        """[(name, before, after)] of the figures that differ; those of the last case that prints them."""
        found = []
        for name in self.runs["after"]:
            pair = [self.runs[side][name].figures if name in self.runs[side] else [] for side in SIDES]
            for n, (what, text) in enumerate(pair[1]):
                before = [t for w, t in pair[0] if w == what]
                nth = sum(w == what for w, _ in pair[1][:n])
                was = before[nth] if nth < len(before) else "none"
                if was != text:
                    found.append((what, was, text))
            found += [(what, text, "none") for what, text in pair[0] if what not in [w for w, _ in pair[1]]]
        return found


def new_warnings(out):
    """gcc's warnings after the patch that it did not give before, wherever the line is now."""
    plain = [Counter(re.sub(r":\d+(:\d+)?: ", ": ", line) for line in read(out, f"warnings.{side}").splitlines())
             for side in SIDES]
    new, found = plain[1] - plain[0], []
    for line in read(out, "warnings.after").splitlines():
        key = re.sub(r":\d+(:\d+)?: ", ": ", line)
        if new[key] > 0:
            new[key] -= 1
            found.append(line)
    return found


class Lines:
    """The lines that are added, with the tests that reach each."""

    def __init__(self, out, tree):
        import json
        text = read(out, "lines.json")
        self.of = json.loads(text) if text else {}
        self.text = {file: [""] + read(tree, file).split("\n") for file in self.of}
        self.added = [(file, number) for file, number in (line.rsplit(" ", 1) for line in read(out, "in-counted").splitlines())
                      if number in self.of.get(file, {})]
        self.by = defaultdict(set)
        for line in read(out, "reach").splitlines():
            file, number, test = line.split(" ", 2)
            if test != "-":
                self.by[file, number].add(test)
        self.reached = [at for at in self.added if self.count(at)]
        self.unreached = [at for at in self.added if not self.count(at)]
        self.branching = [at for at in self.added if self.marks(at)]
        self.half = [at for at in self.reached if "-" in self.marks(at)]

    def count(self, at):
        return self.of[at[0]][at[1]][0]

    def marks(self, at):
        return self.of[at[0]][at[1]][1]

    def show(self, at):
        return f"{at[0]}:{at[1]}: {self.text[at[0]][int(at[1])].strip()}"

    def groups(self):
        """[(first line, last line, the tests that reach all of these)] of lines that the same tests reach."""
        found = []
        for at in self.reached:
            tests = self.by[at]
            if found and found[-1][2] == tests and found[-1][0][0] == at[0]:
                found[-1][1] = at
            else:
                found.append([at, at, tests])
        return found


def tests_said(tests, most=3):
    """Tests in a phrase: single cases, with only the suites of many."""
    cases = sorted(t for t in tests if "." in t)
    whole = sorted(t for t in tests if "." not in t and not any(c.startswith(t + ".") for c in cases))
    per = Counter(c.partition(".")[0] for c in cases)
    said = [c for c in cases if per[c.partition(".")[0]] <= most] + \
        [f"{n} cases of {suite}" for suite, n in sorted(per.items()) if n > most] + whole
    return ", ".join(said[:6]) + (f" and {len(said) - 6} more" if len(said) > 6 else "")


class Review:
    def __init__(self, out, home, flavour, tree):
        self.facts = defaultdict(list)
        for name, *text in rows(out, "facts"):
            self.facts[name].append(text)
        self.subjects = read(out, "subjects").splitlines()
        self.author = (re.findall(r"^Author: (.*)", read(out, "mails/1.info"), re.M) or [""])[0]
        self.check = [row for row in rows(out, "checkpatch") if len(row) == 3]
        self.tested = os.path.exists(os.path.join(out, "warnings.after"))
        self.sides = Sides(home, flavour) if self.tested else None
        self.others = {row[0]: (Sides(home, row[0], "-" + row[0]), row[1:]) for row in self.facts["flavour"]}
        failed = {name for sides, _ in self.others.values() for name, _ in sides.changed("before", "after")}
        self.explored = [row for row in self.facts["explored"] if not any(name.endswith(row[0]) for name in failed)]
        self.warnings = new_warnings(out)
        self.lines = Lines(out, f"{home}@review-after/tree")
        self.mutants = [row for row in rows(out, "mutants") if len(row) == 6]
        self.worse = self.sides.changed("before", "after") if self.tested else []
        self.mended = self.sides.changed("after", "before") if self.tested else []
        self.skipped = self.sides.now_skipped() if self.tested else []
        self.figures = self.sides.figures() if self.tested else []
        self.survived = [row for row in self.mutants if row[0] == "survived"]
        self.undone = [" ".join(text) for text in self.facts["undone"]]
        later = sum(row[0] == "undone" for row in self.mutants)
        if later:
            self.undone.append(some(later, "mutant"))
        self.found, self.unknown = self.judge()
        self.status = 1 if self.found else 2 if self.unknown else 0

    def judge(self):
        """What is wrong with the patch, and what cannot be told, in phrases; the worst first."""
        found = [f"it does not compile: {text[-1]}" for text in self.facts["broken"] if text[0] == "after"]
        found += [f"patch {n} alone does not compile: {text}" for n, text in self.facts["step"]]
        if self.worse:
            found.append(f"{some(len(self.worse), 'test')} that passed without it {'fails' if len(self.worse) == 1 else 'fail'}")
        for name, (sides, _) in self.others.items():
            bad = sides.changed("before", "after")
            if bad:
                found.append(f"in flavour {name}, {some(len(bad), 'test')} that passed without it "
                             f"{'fails' if len(bad) == 1 else 'fail'}")
        if self.explored:
            found.append(f"{some(len(self.explored), 'trial')} {'fails' if len(self.explored) == 1 else 'fail'} by schedules that "
                         "switch at its lines, and not without it")
        if self.skipped:
            found.append(f"{some(len(self.skipped), 'test')} that ran without it {'is' if len(self.skipped) == 1 else 'are'} skipped")
        if self.warnings:
            found.append(some(len(self.warnings), "new warning"))
        # Without a suite, that nothing reaches them says nothing of the patch.
        if not self.facts["suite"]:
            found += self.gaps()
        if self.check:
            found.append(f"checkpatch has {some(len(self.check), 'remark')}")
        unknown = [" ".join(text) for text in self.facts["unknown"]]
        unknown += [f"it does not compile without the patch: {text[-1]}" for text in self.facts["broken"] if text[0] == "before"]
        unknown += [f"suite {suite} does not compile with it: {error}" for suite, error in self.facts["suite"]]
        return found, unknown

    def gaps(self):
        found, lines = [], self.lines
        if lines.added and not lines.reached:
            found.append("no test reaches any line that it adds")
        elif lines.unreached:
            found.append(f"no test reaches {len(lines.unreached)} of the {some(len(lines.added), 'line')} that it adds")
        if lines.half:
            found.append(f"{some(len(lines.half), 'line')} that it adds never {'goes' if len(lines.half) == 1 else 'go'} "
                         "one of the ways")
        if self.survived:
            found.append(f"no test notices {len(self.survived)} of {some(self.tried(), 'change')} to the lines that it adds")
        return found

    def tried(self):
        return sum(row[0] != "undone" for row in self.mutants)

    def verdict(self):
        if self.found:
            return "not clean: " + "; ".join(self.found)
        if self.unknown:
            return "could not tell: " + "; ".join(self.unknown)
        if self.facts["words"]:
            return f"clean: {self.facts['words'][0][0]}"
        said = ["no test fails with it"]
        if self.mended:
            said.append(f"{some(len(self.mended), 'test')} that failed without it {'passes' if len(self.mended) == 1 else 'pass'}")
        if self.lines.added:
            said.append("the line that it adds is reached" if len(self.lines.added) == 1 else
                        f"all {len(self.lines.added)} lines that it adds are reached")
        else:
            said.append("it adds no line with code")
        if self.tried():
            explained = sum(row[0] == "explained" for row in self.mutants)
            said.append(f"of {some(self.tried(), 'change')} to them " + (
                f"{explained} {'goes' if explained == 1 else 'go'} unnoticed, with a reason in coverage/survivors" if explained
                else "none goes unnoticed"))
        return "clean: " + ", ".join(said)


def main(out, home, flavour, tree, at):
    import review_text
    review = Review(out, home, flavour, tree)
    review_text.page(os.path.join(out, "index.html"), review)
    for name, text in ("reply", review_text.reply(review)), ("verdict", f"{review_text.title(review)}\n{review.verdict()}\n"):
        with open(os.path.join(out, name), "w", encoding="utf-8") as file:
            file.write(text)
    print("\n".join(review_text.screen(review, at)))
    return review.status


if __name__ == "__main__":
    if sys.argv[1] == "--worse":
        print(len(Sides(*sys.argv[2:]).changed("before", "after")))
        sys.exit(0)
    try:
        sys.exit(main(*sys.argv[1:]))
    except OSError as error:
        print(f"review: error: cannot write the review: {error}", file=sys.stderr)
    except Exception:
        # Python's own status for this is 1, which stands for something found.
        traceback.print_exc()
    sys.exit(2)
