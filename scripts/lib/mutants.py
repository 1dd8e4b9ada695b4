# SPDX-License-Identifier: GPL-2.0
"""For mutants.sh: choose the changes, and add up the verdicts. Files are in its directory of notes.

mutants.py choose FILE EVERY IDLE   print a row for each change that is asked for
mutants.py choose-lines LINES IDLE  the same for the lines of that file, "source number" each: all but swaps, far ones first
mutants.py of-lines KERNEL SURVIVORS
                                    print what became of these: killed, survived, explained (by SURVIVORS) or undone, with
                                    source, line, function, change and why
mutants.py functions                print all functions, with the number of changes in each
mutants.py report KERNEL FLAVOUR FILE EVERY SURVIVORS   print the table; status 1 if it is not as it should be

The notes have tabs between fields:
    list        what mutate says, each line with its source before it
    touched     source, line and text of what the fixes add
    tests       kind and name, the quickest first
    reach       what cov.py says
    todo        the rows chosen
    verdicts.*  source:function, change, and "none" if it does not compile, "same" if the code is the same as without it,
                or a name for the code; then, if it was tried, "killed" or "survived", and why
"""

import glob
import re
import sys
from collections import defaultdict

WHOLE = 'io_uring/io-wq.c'
FIXED = 'the functions that fixes touch'
# Most swaps that survive make no difference, so the floors are for the others.
NO_SWAPS = ', without swaps'
FLOORS = {FIXED + NO_SWAPS: 90, WHOLE + NO_SWAPS: 80}


def rows(name):
    with open(name, encoding='utf-8') as f:
        return [line.rstrip('\n').split('\t') for line in f if line != '\n']


class Change:
    """A line of `list`; number 0 is a function, and name then says why nothing in it can be changed."""

    def __init__(self, row):
        self.source, self.number, first, last, self.function, self.name = row[:6]
        self.first, self.last = int(first), int(last)
        self.edit = row[6:]
        self.key = f'{self.source}:{self.function}'


def all_changes():
    changes = [Change(row) for row in rows('list')]
    return ([c for c in changes if c.number != '0'], [c for c in changes if c.number == '0'])


def fixed(functions):
    """The functions that hold code of a fix."""
    lines = {(source, int(line)) for source, line, *text in rows('touched')
             if not re.match(r'\s*($|/?\*|//)', '\t'.join(text))}
    return {f.key for f in functions if any((f.source, n) in lines for n in range(f.first, f.last + 1))}


def asked(change, file, in_fix):
    if file:
        return file in (change.source, change.key)
    return change.source == WHOLE or change.key in in_fix


def spread(changes):
    """In an order in which the first few are from all over."""
    step = max(1, int(len(changes) ** 0.5))
    return [c for start in range(step) for c in changes[start::step]]


def choose_lines(lines, idle):
    wanted = set()
    for (row,) in rows(lines):
        source, number = row.rsplit(' ', 1)
        wanted.add((source, int(number)))
    changes = [c for c in all_changes()[0] if not c.name.startswith('swap: ')
               and any((c.source, n) in wanted for n in range(c.first, c.last + 1))]
    print_chosen(spread(changes), set(), idle)


def choose(file, every, idle):
    changes, functions = all_changes()
    in_fix = fixed(functions)
    print_chosen([c for c in changes if asked(c, file, in_fix)][::int(every)], in_fix, idle)


def print_chosen(chosen, in_fix, idle):
    reach, of_source = defaultdict(set), defaultdict(set)
    for (row,) in rows('reach'):
        source, line, test = row.split()
        reach[source, int(line)].add(test)
        of_source[source].add(test)
    tests = rows('tests')
    for c in chosen:
        at = [reach[c.source, n] for n in range(c.first, c.last + 1) if (c.source, n) in reach]
        reached = set().union(*at) if at else of_source[c.source]
        own = re.sub(r'.*/|\.c$', '', c.source)
        try_first = sorted((t for t in tests if t[1] in reached), key=lambda t: t[1] != own)
        print(c.key, c.name, c.first, '01'[c.key in in_fix], '01'[bool(idle and re.match(idle, c.name))],
              ' '.join(':'.join(t[:2]) for t in try_first) or '-', c.source, *c.edit, sep='\t')


def functions():
    changes, functions = all_changes()
    for f in functions:
        n = sum(c.key == f.key for c in changes)
        print(f'{f.source}:{f.first}-{f.last}', f.function, n or f'none: {f.name}', sep='\t')


class Table:
    """Mutants and how many of them are killed, by source and so on."""

    def __init__(self, part):
        self.part = part
        self.mutants, self.killed = defaultdict(int), defaultdict(int)

    def add(self, group, killed):
        self.mutants[group] += 1
        self.killed[group] += killed

    def show(self):
        """Print it, and return whether a score is too low."""
        low = False
        print(f'{"":46s} {"mutants":>8s} {"killed":>8s} {"survived":>8s} {"score":>9s}')
        for group, n in self.mutants.items():
            score = 100 * self.killed[group] / n
            floor = 0 if self.part else FLOORS.get(group, 0)
            low = low or score < floor
            print(f'{group:46s} {n:8d} {self.killed[group]:8d} {n - self.killed[group]:8d} {score:7.1f} %'
                  + (f', less than the {floor} % wanted' if score < floor else ''))
        if self.part:
            print('These are a part, so no score is held to')
        return low


def reasons(name, kernel):
    """coverage/survivors: {(source:function, change): reason} of this kernel, and what is wrong in it."""
    reason, wrong, here = {}, [], True
    for row in rows(name):
        if row[0].startswith('kernel '):
            here = row[0] == 'kernel ' + kernel
        elif here and not row[0].startswith('#'):
            reason[tuple(row[:2])] = row[2] if len(row) == 3 else ''
            if len(row) != 3 or not row[2]:
                wrong.append(f'no reason: {": ".join(row[:2])}')
    return reason, wrong


def verdicts():
    """{(source:function, change): name of the code}, {name of the code: verdict and why}."""
    code, verdict = {}, {}
    for name in sorted(glob.glob('verdicts.*')):
        for row in rows(name):
            code[tuple(row[:2])] = row[2]
            if len(row) > 3 and verdict.get(row[2], [''])[0] != 'killed':
                verdict[row[2]] = row[3:]
    return code, verdict


def of_lines(kernel, survivors):
    code, verdict = verdicts()
    reason, _ = reasons(survivors, kernel)
    seen = set()
    for key, name, line, _, idle, _, source, *_ in rows('todo'):
        is_ = code.get((key, name))
        if is_ in ('none', 'same') or idle == '1' or is_ in seen:
            continue
        seen.add(is_ or (key, name))
        became, why = verdict.get(is_, ['undone', ''])
        if became == 'survived' and (key, name) in reason:
            became = 'explained'
        print(became, source, line, key.split(':')[1], name, why, sep='\t')


def report(kernel, flavour, file, every, survivors):
    changes, functions = all_changes()
    todo = rows('todo')
    code, verdict = verdicts()
    reason, wrong = reasons(survivors, kernel)
    table = Table(int(every) > 1 or ':' in file)
    count, became, alive, explore, seen = defaultdict(int), {}, [], [], set()
    for key, name, line, in_fix, idle, _, source, *_ in todo:
        is_ = code[key, name]
        if is_ not in ('none', 'same'):
            is_ = 'idle' if idle == '1' else 'twice' if is_ in seen else 'mutant'
        count[is_] += 1
        became[key, name] = is_
        if is_ != 'mutant':
            continue
        seen.add(code[key, name])
        result, why = verdict[code[key, name]]
        became[key, name] = result
        for group in [source] + ([FIXED, key] if in_fix == '1' else []):
            table.add(group, result == 'killed')
            if group in (FIXED, WHOLE) and not name.startswith('swap: '):
                table.add(group + NO_SWAPS, result == 'killed')
        if result == 'survived':
            why = reason.get((key, name), why + ', not explained')
            (explore if why.startswith('needs explore') else alive).append(
                f'{source}:{line}: {key.split(":")[1]}: {name}\n        {why}')
    print(f'{kernel}, {flavour}: {len(todo)} changes: {count["none"]} do not compile, {count["same"]} make no difference '
          f'to the code, {count["twice"]} the same as another, {count["idle"]} in locks that one CPU does not need')
    failed = table.show()
    for title, lines in (('survived:', alive), ('only several CPUs can show these (needs explore):', explore)):
        if lines:
            print('', title, *lines, sep='\n')
    in_fix = fixed(functions)
    none = [f for f in functions if asked(f, file, in_fix) and f.name]
    if none:
        print('', 'functions without a change:', *(f'{f.source}:{f.first}: {f.function}: {f.name}' for f in none), sep='\n')
    known, sources = {(c.key, c.name) for c in changes}, {c.source for c in changes}
    for entry in reason:
        if entry[0].split(':')[0] not in sources:
            continue
        if entry not in known:
            wrong.append(f'no such change: {": ".join(entry)}')
        elif became.get(entry, 'survived') != 'survived':
            wrong.append(f'is {"killed" if became[entry] == "killed" else "no mutant"}: {": ".join(entry)}')
    for w in wrong:
        print('coverage/survivors:', w)
    return failed or bool(wrong)


if __name__ == '__main__':
    sys.exit({'choose': choose, 'choose-lines': choose_lines, 'of-lines': of_lines, 'functions': functions,
              'report': report}[sys.argv[1]](*sys.argv[2:]))
