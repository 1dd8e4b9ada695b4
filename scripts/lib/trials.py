# SPDX-License-Identifier: GPL-2.0
"""What there is to explore, for explore.py: trials, scenarios, and the cases of suites that are marked as fit."""

import fnmatch
import glob
import os

from asked import cases, die, linux, listed, nearest, shown, words
from boot import Boot, short

unfit_too = "explore.unfit=1" in words
# Suites of trials whose source this kernel does not have.
absent = []
# So many seeds tell why a case is not fit.
ENOUGH = "1-1000"


def scenarios():
    """Those that are fit to be explored, by their names, or all; the kernel says so of any other."""
    which = "*" if unfit_too else "race-*"
    found = {os.path.basename(path)[:-len(".c")] for path in glob.glob(f"{os.environ['top']}/tests/guest/{which}.c")}
    return sorted(found - {"init"})


def fit():
    """The cases of suites that are marked as fit, or all of them with explore.unfit=1."""
    marked = listed() if unfit_too else listed("kunit.filter=module=explored")
    return [f"{suite}.{case}" for suite in sorted(marked) if not suite.endswith("-trial") for case in marked[suite]]


def matching(names, pattern):
    """suite.case, the suite or the case alone, or what follows _trial_ in it."""
    return [t for t in names if any(fnmatch.fnmatchcase(name, pattern) for name in (t, *t.split("."), t.rpartition("_trial_")[2]))]


def why_not(pattern, there):
    """Why that which matches is not explored; or that nothing matches."""
    if os.path.exists(f"{os.environ['top']}/tests/guest/{pattern}.c"):
        die(f"scenario {pattern} is not fit to be explored: it counts on who runs when, as all but race-* do")
    unmarked = [f"{suite}.{case}" for suite in sorted(listed()) for case in listed()[suite]]
    found = matching(unmarked, pattern)
    if not found:
        die(f"no trial matches {pattern}{nearest(pattern, [short(t) for t in there + unmarked])}")
    if len(found) > 1:
        die(f"none of the {len(found)} cases that match {pattern} is fit to be explored: T= with one of them says why")
    boot = Boot(found[0], ENOUGH, "explore.unfit=1")
    why = boot.skipped or (f"it counts on who runs when: seed {boot.seed} fails: {boot.why}" if boot.failed else boot.wrong()) or \
        f"it is not marked, though seeds {ENOUGH} do not fail: see tests/kunit/README.md"
    die(f"case {short(found[0])} is not fit to be explored: {why}")


def trials(globs):
    """Those that the globs choose, scenarios and cases of suites too."""
    suites = sorted({f"{os.path.basename(path)[:-len('_trial.c')]}-trial"
                     for path in glob.glob(f"{os.environ['top']}/tests/explore/*_trial.c")})
    there = [f"{suite}.{case}" for suite in suites for case in cases(suite)]
    if not there:
        die(f"{shown(linux)} has no trials: is it of FLAVOUR=explore?")
    # Those of ends_trial.c are only in kernels of ends.sh.
    absent.extend(suite for suite in suites if suite != "ends-trial" and not any(t.startswith(suite + ".") for t in there))
    there += scenarios() + fit()
    chosen = []
    for pattern in globs:
        found = matching(there, pattern) or why_not(pattern, there)
        chosen += [t for t in found if t not in chosen]
    if not chosen:
        die("T= names no trial")
    return chosen


def one(globs):
    chosen = trials(globs)
    if len(chosen) > 1:
        die(f"T= matches {len(chosen)} trials: {' '.join(short(t) for t in chosen)}; take one")
    return chosen[0]
