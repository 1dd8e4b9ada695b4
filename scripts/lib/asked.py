# SPDX-License-Identifier: GPL-2.0
"""The request: paths from the environment that test.sh and one.sh set, the tests to run, and a directory for UML's memory
file."""

import contextlib
import fnmatch
import functools
import mmap
import os
import re
import subprocess
import sys

me = os.environ["me"]
objdir, tree, results = os.environ["objdir"], os.environ["tree"], os.environ["results"]
linux = f"{objdir}/linux"
words = os.environ.get("ARGS", "").split()
MIB = 1 << 20


def die(text):
    print(f"{me}: error: {text}", file=sys.stderr)
    sys.exit(2)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def write(path, text):
    try:
        with open(path + ".tmp", "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        os.rename(path + ".tmp", path)
    except OSError as error:
        # Half of it is no use, and takes space.
        with contextlib.suppress(OSError):
            os.unlink(path + ".tmp")
        raise OSError(error.errno, error.strerror, path) from error


def shown(path):
    """A path as the caller can open it."""
    here = os.environ.get("UMRING_PWD") or os.getcwd()
    return os.path.relpath(path, here) if path.startswith(here.rstrip("/") + "/") else path


def limit():
    """Real seconds that one run may take: more where time is not simulated."""
    simulated = b"\nCONFIG_UML_TIME_TRAVEL_SUPPORT=y\n" in read(f"{objdir}/.config")
    return int(os.environ.get("LIMIT") or (30 if simulated else 150))


# The memory file

def unusable(directory, need):
    """Why UML cannot have its memory file there, None if it can: it maps the file executable, and is killed when the file
    system is full."""
    path = f"{directory}/umring-{os.getpid()}"
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.unlink(path)
            os.ftruncate(fd, mmap.PAGESIZE)
            mmap.mmap(fd, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
        finally:
            os.close(fd)
    except OSError as error:
        noexec = os.path.isdir(directory) and os.statvfs(directory).f_flag & os.ST_NOEXEC
        return f"{directory} is mounted noexec" if noexec else f"{directory}: {error.strerror}"
    stat = os.statvfs(directory)
    free = stat.f_bavail * stat.f_frsize
    return None if free >= need else f"{directory} has only {free // MIB} MiB free"


def default_mem():
    """What the kernel takes if it is told nothing: the flavour may have said."""
    said = re.search(rb'^CONFIG_CMDLINE="[^"]*mem=(\w+)', read(f"{objdir}/.config"), re.M)
    return said[1].decode() if said else "64M"


def memory_size():
    """How many bytes the memory file of a run has."""
    size = [re.fullmatch(r"mem=(\d+)([kKmMgG]?)", word) for word in [f"mem={default_mem()}"] + words]
    return [int(m[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[m[2].lower()] for m in size if m][-1]


def memory_dir(runs):
    """The directory for the memory files of so many runs at once: TMPDIR, or else the first of UML's choices that works."""
    need = memory_size() * runs
    asked = os.environ.get("TMPDIR")
    why = []
    for directory in [asked] if asked else ["/dev/shm", "/tmp"]:
        why.append(unusable(directory, need))
        if not why[-1]:
            return directory
    die(f"no place for UML's memory file: {', '.join(why)}; set TMPDIR to a directory that is writable, not mounted noexec"
        f" and has {need // MIB} MiB free")


# What there is to run

def ask(*args):
    """Run the kernel with these arguments; return its stdout and stderr."""
    try:
        asked = subprocess.run([linux, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=limit(), check=False)
    except subprocess.TimeoutExpired:
        die(f"{shown(linux)} {' '.join(args)} hangs")
    except OSError as error:
        die(f"{shown(linux)} does not start: {error.strerror}")
    return [text.decode(errors="replace").replace("\r", "").splitlines() for text in (asked.stdout, asked.stderr)]


def nearest(word, names):
    """A phrase with the names that are similar to this word."""
    import difflib
    start = len(os.path.commonprefix(names)) if len(names) > 1 else 0
    tails = {name[start:]: name for name in names}
    near = [tails[tail] for tail in difflib.get_close_matches(word, tails, 5, 0.5)]
    return f", the nearest of {len(names)}: {' '.join(near)}" if near else f", but {len(names)}: {' '.join(names[:40])}"


@functools.cache
def listed(*more):
    """The cases of each suite, which KUnit lists in the log."""
    known = {}
    for line in ask("loglevel=8", "kunit.action=list", "list=1", *more)[1]:
        found = re.search(r"^(?:\[[\d. ]+\] )?([\w-]+)\.(\w+)$", line)
        if found:
            known.setdefault(found[1], []).append(found[2])
    return known


def cases(suite):
    return listed().get(suite, [])


def choose(globs):
    """The runs that the globs choose: (kind, name)."""
    out, log = ask("list=1")
    there = [tuple(line.split(" ", 1)) for line in out if re.match(r"(suite|scenario) \S+$", line)]
    if not there:
        die(f"the kernel names no suite and no scenario{': ' + log[-1] if log else ''}; try: {shown(linux)} list=1")
    names = [name for _, name in there]
    chosen = set()
    for glob in globs:
        base, dot, case = glob.partition(".")
        found = {(kind, name) for kind, name in there if fnmatch.fnmatchcase(name, glob)}
        suites = [name for kind, name in there if dot and kind == "suite" and fnmatch.fnmatchcase(name, base)]
        found |= {("suite", f"{suite}.{case}") for suite in suites if fnmatch.filter(cases(suite), case)}
        if not found and suites:
            die(f"{suites[0]} has no case {case}{nearest(case, cases(suites[0]))}")
        if not found and dot and ("scenario", base) in there:
            die(f"{base} is a scenario, which has no cases to choose from: T={base}")
        if not found:
            die(f"nothing matches {glob}{nearest(glob, names)}")
        chosen |= found
    return sorted(chosen)
