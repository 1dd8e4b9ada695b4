# SPDX-License-Identifier: GPL-2.0
"""Boots that run elsewhere, for explore.py: what each of them prints is kept in a file of a directory, <trial>.<seeds>, which is
read as if it had just run here. JOBS_FILE= writes them as command lines for a batch system, RESULTS= reads what came of them."""

import json
import os
import re
import secrets
import shlex
import shutil
import signal
import sys

import asked
import focus
from asked import die, linux, memory_size, read, shown
from boot import Boot, LIMIT_S, words_of

# What host.sh boot ends with.
END = re.compile(rb"\numring: status (-?\d+) ms (\d+)\n$")
HERE = os.path.dirname(os.path.abspath(__file__))
# Seeds of a line of JOBS_FILE: for some ten seconds, where a job of a batch system takes one to start; each has LIMIT.
OF_TRIAL, OF_SLOW = 20000, 1000
MOST_LINES = 100000


def whole(out, err):
    """What run() would have returned, or None if the end is missing."""
    end = END.search(out[-100:])
    if not end:
        return None
    # A shell says 128 and more of a signal.
    status = int(end[1])
    status = 128 - status if status - 128 in signal.valid_signals() else status
    return status, out[:len(out) - len(end[0])], err, int(end[2]) / 1000


def keep(directory, trial, seeds, out, err):
    """As host.sh job does it, but those of HOSTS= are all of one directory."""
    path = f"{directory}/{trial}.{seeds}"
    try:
        with open(path + ".tmp", "wb") as file:
            file.write(b"umring: - out %d err %d\n" % (len(out), len(err)) + out + err)
        os.rename(path + ".tmp", path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error


def results(directory, chosen, token):
    """Each boot of these trials that has a result with this token there, as (trial, seeds, Boot), the lowest seeds first."""
    names = [re.fullmatch(r"(.+)\.((\d+)-\d+)", name) for name in os.listdir(directory)]
    for _, trial, seeds in sorted((int(name[3]), name[1], name[2]) for name in names if name and name[1] in chosen):
        text = read(f"{directory}/{trial}.{seeds}")
        head = re.match(rb"umring: (\S+) out (\d+) err (\d+)\n", text)
        if not head or head[1].decode() != token or len(text) != head.end() + int(head[2]) + int(head[3]):
            continue
        ran = whole(text[head.end():head.end() + int(head[2])], text[head.end() + int(head[2]):])
        if ran:
            yield trial, seeds, Boot(trial, seeds, ran=ran)


def load(exploration, directory, token="-"):
    """Add what is there; return which seeds of which trials that are."""
    had, builds = {}, set()
    for trial, seeds, boot in results(directory, exploration.next, token):
        # Of hosts, it is run again.
        if token == "-" and boot.wrong():
            continue
        builds |= {boot.build} - {None}
        if len(builds) > 1:
            die(f"the results in {shown(directory)} are of several builds of the kernel, {' and '.join(sorted(builds))}:"
                " remove it, and begin anew")
        first, last = map(int, seeds.split("-"))
        if first >= exploration.first and last <= exploration.last and all(first > b or last < a for a, b in had.get(trial, [])):
            had.setdefault(trial, []).append((first, last))
            exploration.add(trial, (boot.dies_at() if boot.died() else None) or boot, 0)
    return had


def lacking(seeds, had):
    """The parts of these seeds that are not among those."""
    first, last = map(int, seeds.split("-"))
    for a, b in sorted(had):
        if first <= last and b >= first and a <= last:
            if a > first:
                yield f"{first}-{a - 1}"
            first = b + 1
    if first <= last:
        yield f"{first}-{last}"


def write(exploration, globs):
    """The lines of JOBS_FILE, and beside it the directory where they work and leave their results."""
    path = os.environ["JOBS_FILE"]
    focus.check_room()
    directory = os.path.abspath(path) + ".d"
    if os.path.exists(directory):
        die(f"{shown(directory)} is there: make explore RESULTS={shown(path)} reads what its jobs have left; or remove it")
    exploration.LEAST, exploration.LEAST_OF_SLOW, exploration.learns = OF_TRIAL, OF_SLOW, False
    # Lines of an earlier file of that name may still wait in a queue.
    token = secrets.token_hex(8)
    ranges = []
    while taken := exploration.take():
        # So that each has as many lines at the beginning as at the end.
        exploration.booting[taken[0]] -= 1
        ranges.append(taken)
        if len(ranges) > MOST_LINES:
            die(f"SEEDS={os.environ['SEEDS']} of {len(exploration.next)} trials takes more than {MOST_LINES} lines: give fewer seeds, or T=")
    start = ["sh", f"{directory}/host.sh", "job", token, str(memory_size())]
    lines = [shlex.join([*start, ".".join(taken), str(LIMIT_S), *words_of(*taken)]) for taken in ranges]
    # It has its name when it is whole; lines that lead nowhere would be worse than none.
    new = f"{directory}.tmp"
    try:
        shutil.rmtree(new, ignore_errors=True)
        os.makedirs(new)
        # Each link makes a new file, so this one stays as it is.
        try:
            os.link(linux, f"{new}/linux")
        except OSError:
            shutil.copy2(linux, f"{new}/linux")
        shutil.copy2(f"{HERE}/host.sh", f"{new}/host.sh")
        shutil.copy2(f"{asked.objdir}/.config", f"{new}/.config")
        said = {name: os.environ.get(name, "") for name in ("SEEDS", "ALGO", "DEPTH", "MEMORY", "ARGS", "LIMIT", "FILE", "RANGE",
                                                          "KDIR", "FLAVOUR", "other_kernel")}
        if focus.rows():
            shutil.copy2(os.environ["focus"], f"{new}/focus")
        asked.write(f"{new}/asked", json.dumps({**said, "T": globs, "token": token}))
        os.rename(new, directory)
        new = directory
        asked.write(path, "".join(f"{line}\n" for line in lines))
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise OSError(error.errno, error.strerror, error.filename2 or error.filename or path) from error
    print(f"{asked.me}: {len(lines)} jobs, a line each, in {shown(path)}; run them with sh wherever {directory} is that directory,"
          f" in any order;\n{asked.me}: then make explore RESULTS={shown(path)}. A line that has its result does nothing when it is run again.")
    return 0


def asked_again(path):
    """Explore by what is in the directory of that JOBS_FILE: with its words, and its kernel."""
    directory = os.path.abspath(path) + ".d"
    try:
        with open(f"{directory}/asked", encoding="utf-8") as file:
            said = json.load(file)
        globs, token = said.pop("T"), said.pop("token")
    except (OSError, ValueError, KeyError):
        die(f"{shown(directory)} has no jobs: RESULTS= takes what JOBS_FILE= was")
    if os.path.exists(f"{directory}/focus"):
        said["focus"] = f"{directory}/focus"
    os.environ.update({"BUDGET": "", "focus": "", **said}, objdir=directory, RESULTS=directory, token=token)
    # These are read by modules when they are loaded.
    os.execv(sys.executable, [sys.executable, "-S", "-B", f"{HERE}/explore.py", "explore", *globs])

