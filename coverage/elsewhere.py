# SPDX-License-Identifier: GPL-2.0
"""What another flavour reaches of the same sources. Its objects are compiled with other options, so lines are compared, and whether each
condition of one went each way; never arcs."""

import json
import os

import targets as floors


def lines(tree, flavour, sources):
    """{source: {number: [count, marks]}}, as make coverage FLAVOUR=... has written it; None unless that is of the kernel of that
    flavour, and that of these sources as they are."""
    linux = os.path.join(tree, f"um-{flavour}", "linux")
    theirs = os.path.join(os.path.dirname(tree), f"coverage-{flavour}")
    try:
        stat = os.stat(linux)
        with open(os.path.join(theirs, "linux.id"), encoding="ascii") as file:
            ident = file.read()
        if ident != f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns // 10**9}.{stat.st_mtime_ns % 10**9:09d}\n" or \
                any(os.stat(os.path.join(tree, source)).st_ctime > stat.st_mtime for source in sources):
            return None
        with open(os.path.join(theirs, "lines.json"), encoding="utf-8") as file:
            return {source: {int(n): line for n, line in found.items()} for source, found in json.load(file).items()}
    except (OSError, ValueError):
        return None


def only(theirs, ours):
    """The numbers of the lines of a source that only they reach, and of those of which only they have each outcome. What is left out
    of our counts is not among them."""
    reached = [n for n, (count, _) in theirs.items() if count and n in ours and (not ours[n][0] or ours[n][1] == "e")]
    outcomes = [n for n, line in theirs.items() if n in ours and n not in reached and floors.whole(line) and set(ours[n][1]) & set("-e")]
    return sorted(reached), sorted(outcomes)


def table(build, targets, sources, flavour):
    """The rows, and whether all is as it should be. Only make coverage, of all runs, gives a flavour."""
    if flavour == "explore":
        return explored(build, targets, sources)
    seen = lines(build.tree, "explore", targets.sources()) if flavour == "default" else None
    rows, good = floors.table(targets, sources, seen)
    entries = [entry for entry in targets.exceptions if entry[3]]
    if not entries or flavour != "default":
        return rows, good
    hit = sum(any(line.explored for line in matching(sources, where, text)) for where, _, text, _ in entries)
    note = f"entries that are hit by exploration: {hit}"
    if hit < len(entries):
        note += f", left out: {len(entries) - hit}; make explore SEEDS=1-3000, and make coverage FLAVOUR=explore, count them"
    return rows + [f"coverage/targets: {note}"], good


def matching(sources, where, text):
    """The lines of an entry."""
    name, _, function = where.partition(":")
    source = sources.get(name)
    return [source.lines[n] for n in source.inside(function) if text in source.lines[n].text] if source else []


def wrong(build, targets):
    """Of what coverage/targets says that a trial reaches, what that does not reach by itself; an error each."""
    runs, done, said = build.runs(), {}, []
    for where, kind, text, trial in targets.exceptions:
        if not trial:
            continue
        name = where.partition(":")[0]
        counts = runs.get(f"explored/{trial}")
        if not counts:
            said.append(f"{where}: {trial} was not explored, or not with this build: make explore T={trial}")
            continue
        if (trial, name) not in done:
            found = build.total(data for _, data in build.gcov({trial: counts}, build.objects([name]), "-b"))
            floors.leave_out([e for e in targets.exceptions if not e[3]], found)
            done[trial, name] = found
        there = [line for line in matching(done[trial, name], where, text) if line.conditions or kind == "line"]
        if not there or not all(line.count if kind == "line" else line.branches() for line in there):
            said.append(f"{where}: {trial} does not reach{' each outcome of' if kind != 'line' else ''}: {text}")
    return said


def explored(build, targets, sources):
    """The same for exploration: no floors, but a column of what only it reaches; and below, which lines these are."""
    was_explored = any(run.startswith("explored/") for run in build.runs())
    bad = wrong(build, targets) if was_explored else []
    entries = [entry for entry in targets.exceptions if entry[3]]
    floors.leave_out([entry for entry in targets.exceptions if not entry[3]], sources)
    for source in sources.values():
        source.wrong = []  # that is about the tests
    targets.exceptions, targets.floors = [], dict.fromkeys(targets.floors, (0, 0, 0))
    rows, _ = floors.table(targets, sources)
    ours = lines(build.tree, "default", targets.sources())
    if ours is None:
        rows.append("What only exploration reaches is not known: make coverage of flavour default comes first")
    else:
        rows = with_only(rows, targets, sources, entries, ours)
    if not was_explored:
        rows.append("Nothing was explored with this build, so coverage/targets is not checked: make explore SEEDS=1-3000")
    return [f"coverage/targets: {text}!" for text in bad] + rows, was_explored and not bad


def with_only(rows, targets, sources, entries, ours):
    """The rows with one column more, and others below."""
    found, below = {}, []
    for name in sorted(set(targets.sources()) & set(sources)):
        source = sources[name]
        reached, outcomes = only({n: [line.count, line.marks()] for n, line in source.lines.items()}, ours.get(name, {}))
        # They are left out of our counts if exploration had not been counted then.
        for where, kind, text, _ in entries:
            more = reached if kind == "line" else outcomes
            if where.partition(":")[0] == name:
                more += [n for n in source.inside(where.partition(":")[2]) if text in source.lines[n].text and n not in more
                         and (source.lines[n].count if kind == "line" else source.lines[n].branches())]
        found[name] = reached, outcomes
        below += [f"    {name}:{n}: {what}: {source.text[n].strip()}" for n, what in
                  sorted([(n, "reached") for n in reached] + [(n, "each outcome") for n in outcomes])]
    table_rows = [f"{rows[0]} {'only exploration':>16}"]
    for row, target in zip(rows[1:], targets.floors):
        name, _, function = target.partition(":")
        inside = set(sources[name].inside(function)) if name in sources else ()
        table_rows.append(f"{row} {sum(n in inside for some in found.get(name, ()) for n in some):16d}")
    nr_reached, nr_outcomes = (sum(map(len, some)) for some in zip(*found.values()))
    return [*table_rows, f"Lines that only exploration reaches: {nr_reached}; of which only it has each outcome: {nr_outcomes}", *below]
