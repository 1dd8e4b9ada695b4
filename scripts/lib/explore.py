# SPDX-License-Identifier: GPL-2.0
"""Explore schedules with the kernel of flavour explore, and look at one that failed.

explore.py words GLOB            the kernel's words for SEED or LIST of the trial or scenario that matches
explore.py explore GLOB...       SEEDS of each, or BUDGET seconds of all, JOBS boots at once; HOSTS: elsewhere, JOBS_FILE: as lines
explore.py collect JOBS_FILE     what the jobs of that file have left
explore.py replay GLOB           what happens in SEED, or by LIST
explore.py minimise GLOB         the same, with the fewest switches and late stores that still fail
explore.py find TRIAL FIRST [N]  the first seed of FIRST on that fails, as "HOW_MANY SEED ALGORITHM SECONDS"; explore.sh and bugs.sh
                                 read that by position. Status 0; or 1, and nothing, after N seeds or LIMIT= (60) seconds

A boot runs one trial or scenario, with one seed or many: tests/explore/README.md has what the kernel takes and prints. Schedules that failed
are kept in results/explore/<trial>.<seed>. Exit status, but for that of find: 0 nothing failed, 1 something did, 2 it could not be tested."""

import fnmatch
import os
import shutil
import signal
import sys
import time

import counts
import explored
import focus
import hosts
import jobs
import pairs
from asked import die, me, memory_dir, read, shown
from boot import Boot, LIMIT_S, Unable, kept, made_with, options, short, word_for
from ddmin import ddmin, join, split
from exploration import Exploration
from explored import note, saving, tell
from stopping import SIGNALS, Stopped, stoppable
from trials import absent, one, trials


def schedule():
    """The words for SEED or LIST."""
    return [f"explore={os.environ.get('SEED') or 1}"] + [f"explore.list={text}" for text in [os.environ.get("LIST")] if text]


def what(boot):
    """How many switches it had, in words."""
    return f"{boot.switches} switch{'es' * (boot.switches != '1')}"


def explore(globs):
    chosen = trials(globs)
    exploration = Exploration(focus.first(chosen))
    if os.environ.get("JOBS_FILE"):
        return jobs.write(exploration, globs)
    directory = None
    try:
        if os.environ.get("RESULTS"):
            jobs.load(exploration, os.environ["RESULTS"], os.environ["token"])
        elif os.environ.get("HOSTS"):
            directory = hosts.go(exploration, globs)
        else:
            exploration.go()
        took = time.monotonic() - exploration.start
        with stoppable():
            exploration.known = pairs.known(exploration.pairs, short, kept)
    except Stopped as stopped:
        exploration.tell()
        stop(stopped.args[0], None)
    except (Unable, OSError):
        exploration.tell()
        raise
    for trial in chosen:
        print("\n".join(exploration.row(trial)), flush=True)
    for suite in (s for s in absent if any(fnmatch.fnmatchcase(f"{s}.", glob) or fnmatch.fnmatchcase(s, glob) for glob in globs)):
        print(f"-      {suite + '.*':<32} left out: this kernel has no {suite[:-len('-trial')]}.c")
    broken = sum(1 for trial in chosen if exploration.lacks(trial))
    failed = sum(1 for trial in exploration.over if not exploration.lacks(trial))
    out = len(exploration.skipped)
    summary = (f"{len(chosen) - out} trials, {sum(exploration.done.values())} seeds, {failed} failed"
               f"{f', {broken} could not be explored' if broken else ''}, {explored.pairs_said(exploration)}, {took:.0f} s")
    print(f"{me}: {summary}", flush=True)
    # What came from hosts is read again if seeds are missing.
    if directory and (exploration.until or not broken):
        shutil.rmtree(directory, ignore_errors=True)
    nothing = focus.nowhere(exploration.focus.values())
    if out == len(chosen) and not failed:
        nothing = nothing or "nothing was explored: each trial that T= takes is left out"
    if nothing:
        print(f"{me}: error: {nothing}", file=sys.stderr)
    with saving():
        for known in exploration.known.values():
            known.keep()
        # Those of boots elsewhere stay there.
        if not os.environ.get("HOSTS") and not os.environ.get("RESULTS"):
            counts.keep([short(trial) for trial in chosen if trial not in exploration.skipped and not focus.words()],
                        [short(trial) for trial in chosen if not exploration.lacks(trial)])
        print(f"Report: {explored.exploration_page(exploration, summary, took)}")
    return 1 if failed else 2 if broken or explored.unsaved or out == len(chosen) else 0


def replayed(trial):
    """A boot with SEED or LIST, traced. Say so if it cannot be what was seen before."""
    seed = os.environ.get("SEED") or "1"
    lists = [f"explore.list={os.environ['LIST']}"] if os.environ.get("LIST") else []
    boot = Boot(trial, seed, "explore.trace=1", *lists)
    if bad := boot.wrong():
        die(f"{short(trial)}, seed {seed}: {bad}")
    if boot.skipped:
        die(f"{short(trial)} is left out: {boot.skipped}")
    path = f"{kept}/{short(trial)}.{seed}"
    before = "" if lists else read(path).decode(errors="replace")
    other = boot.other or before and f"build {boot.build}\n" not in before
    if other and not boot.failed:
        die(f"{short(trial)}, {'this list' if lists else f'seed {seed}'}: it was another build of the kernel that failed; in this one"
            " it is another schedule, and nothing fails, which says nothing of that failure")
    if boot.unfit and not boot.failed:
        die(f"{short(trial)}: this list does not fit any more: {boot.unfit}; nothing failed")
    if other:
        note("another build of the kernel failed with this; in this one it is another schedule")
    elif before and "\n" + made_with() not in before:
        note(f"it failed with other ALGO=, DEPTH=, MEMORY=, ARGS=, FILE= or RANGE=, see {shown(path)}")
    elif before and not boot.failed:
        die(f"{short(trial)}, seed {seed} has failed with this very build, and does not now: see {shown(path)}")
    if boot.unfit:
        note(f"this list does not fit any more: {boot.unfit}")
    return boot


def replay(globs):
    trial = one(globs)
    boot = replayed(trial)
    if not boot.failed:
        which = "the list" if os.environ.get("LIST") else f"seed {boot.seeds}"
        print(f"{short(trial)}, {which}: nothing failed")
        return 0
    if not os.environ.get("LIST"):
        with saving():
            boot.keep()
    tell(boot, False, f"{short(trial)}, seed {boot.seed} ({boot.algo}): {boot.why}; {what(boot)}")
    return 1


def minimise(globs):
    trial = one(globs)
    first = replayed(trial)
    if not first.failed:
        print(f"{short(trial)}, seed {first.seeds}: nothing failed, so there is nothing to minimise")
        return 0
    if first.cut:
        die(f"{short(trial)}, seed {first.seed}: {what(first)} are more than its list has, so there is nothing to minimise by;"
            " make replay tells how it begins")
    start = time.monotonic()
    tried = {}

    def fails(atoms):
        """Whether it fails by this list, in the same way."""
        text = join(atoms)
        if text not in tried:
            boot = Boot(trial, first.seed, f"explore.list={text}")
            tried[text] = boot.fails_as(first)
        return tried[text]

    atoms = split(first.list)
    if not fails(atoms):
        die(f"{short(trial)}, seed {first.seed} does not fail by its list: {first.list}")
    atoms = split(join(ddmin(atoms, fails)))
    os.environ["LIST"] = join(atoms)
    last = replayed(trial)
    if not last.fails_as(first):
        die(f"{short(trial)} has failed with LIST={join(atoms)}, and does not now: {last.why or 'nothing failed'}")
    late = sum(1 for atom in atoms if atom[2])
    early = sum(1 for atom in atoms if "<" in atom[1])
    facts = (f"{short(trial)}, seed {first.seed} ({first.algo}): {first.why}; {what(first)}, after minimising {what(last)}"
             f"{f', {late} late store' + 's' * (late != 1) if late else ''}"
             f"{f', {early} early read' + 's' * (early != 1) if early else ''}; {len(tried)} boots, {time.monotonic() - start:.1f} s")
    tell(last, True, facts)
    return 1


def find(trial, first, most="999999999999"):
    """The seeds from the first on, until one fails: print which. Return 0 if one has failed, 1 if none."""
    start = time.monotonic()
    at, many = int(first), 1000
    name = one([trial])
    while time.monotonic() < start + LIMIT_S and at < int(first) + int(most):
        boot = Boot(name, f"{at}-{at + many - 1}")
        if bad := boot.wrong() or boot.skipped:
            die(f"{trial}: {bad}")
        if boot.failed:
            if boot.seed == "0":
                die(f"{trial} fails without a switch: {boot.why}")
            with saving():
                boot.keep()
            print(int(boot.seed) - int(first) + 1, boot.seed, boot.algo, f"{time.monotonic() - start:.2f}")
            return 0
        at += many
    return 1


def stop(number, _frame):
    counts.drop()
    os._exit(128 + number)


if __name__ == "__main__":
    for number in SIGNALS:
        signal.signal(number, stop)
    os.environ["TMPDIR"] = memory_dir(int(os.environ["JOBS"]))
    verb, *rest = sys.argv[1:]
    try:
        if focus.words() and verb == "words":
            focus.check_room()
        if verb == "words":
            print(*schedule(), *options(), word_for(one(rest)))
            sys.exit(0)
        sys.exit({"explore": explore, "collect": lambda a: jobs.asked_again(*a), "replay": replay, "minimise": minimise,
                  "find": lambda a: find(*a)}[verb](rest))
    except (Unable, OSError) as error:
        die(error)
    finally:
        counts.drop()
