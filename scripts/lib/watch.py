# SPDX-License-Identifier: GPL-2.0
"""Build and test at each save: watch.sh, which says in the environment where things are, explains it."""

import difflib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time

top, objdir, tree = os.environ["top"], os.environ["objdir"], os.environ["tree"]
results, work = os.environ["results"], os.environ["work"]
source_tree = os.environ.get("KDIR") or tree
asked = os.environ.get("T", "")
snap = f"{work}/watch"
QUIET = 0.2  # s without an event, after which a save is whole


def shown(path):
    for start in (source_tree, top):
        if path.startswith(start + "/"):
            return path[len(start) + 1:]
    return path


def counts(path):
    """Whether a build can depend on this file; editors make others beside it."""
    name = os.path.basename(path)
    return not name.startswith(".") and bool(
        re.search(r"\.[chS]$", name) or re.match(r"(Makefile|Kbuild|Kconfig[\w.]*|stubs|features)$", name))


class Children:
    """Our processes, each in a session of its own, so that none is left when we end."""

    def __init__(self):
        self.alive = []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.end)

    def start(self, command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, text=True, **options)
        self.alive.append(process)
        return process

    def run(self, command, **env):
        """Its status, and its output."""
        process = self.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **env})
        out, _ = process.communicate()
        self.alive.remove(process)
        return process.returncode, out.splitlines()

    def close(self):
        for process in self.alive:
            try:
                # run.py has sessions of its own for its runs, and ends these on SIGTERM.
                os.killpg(process.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for process in self.alive:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(snap, ignore_errors=True)

    def end(self, number, _frame):
        """Ctrl-C is how to end it."""
        self.close()
        os._exit(0 if number == signal.SIGINT else 128 + number)


class Reach:
    """Which tests reach what changed, by the counts of a run of all tests, and the sources as they were then."""

    def __init__(self, children):
        self.children = children
        self.known = {}
        self.all = []
        shutil.rmtree(snap, ignore_errors=True)
        with open(f"{results}/runs", encoding="utf-8") as file:
            self.all = [line.split()[1] for line in file]
        with open(f"{results}/{self.all[0]}/linux.id", encoding="utf-8") as file:
            self.ident = file.read().strip()
        with open(f"{objdir}/.config", encoding="utf-8") as file:
            self.counts = bool(re.search(r"^CONFIG_GCOV=y$", file.read(), re.M))
        if not self.counts:
            return
        for name in self.all:
            shutil.copytree(f"{results}/{name}", f"{snap}/results/{name}")
        for where in ("io_uring", "kernel"):
            shutil.copytree(f"{tree}/{where}", f"{snap}/tree/{where}", ignore=lambda directory, names: [
                n for n in names if not (n.endswith((".c", ".h")) and directory == f"{tree}/{where}")])
            os.makedirs(f"{snap}/obj/{where}")
            for name in os.listdir(f"{objdir}/{where}"):
                if name.endswith(".gcno"):
                    shutil.copy(f"{objdir}/{where}/{name}", f"{snap}/obj/{where}")

    def lines(self, source):
        """{line: tests} of a source, or None without counts of it."""
        if source not in self.known:
            status, out = self.children.run([sys.executable, "-S", "-B", f"{top}/coverage/cov.py", "reach", f"{snap}/tree",
                                             f"{snap}/obj", f"{snap}/results", self.ident, source])
            self.known[source] = None
            if status == 0:
                found = self.known[source] = {}
                for line in out:
                    _, number, test = line.split()
                    found.setdefault(int(number), set()).update({test} - {"-"})
        return self.known[source]

    def of_source(self, source):
        """The tests that reach what changed in a source."""
        try:
            with open(f"{snap}/tree/{source}", encoding="utf-8", errors="replace") as file:
                before = file.read().splitlines()
            with open(f"{tree}/{source}", encoding="utf-8", errors="replace") as file:
                after = file.read().splitlines()
        except OSError:
            return set(self.all)
        if before == after:
            return set()
        lines = self.lines(source)
        if lines is None:
            return set(self.all)
        chosen = set()
        for tag, first, last, new, new_end in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
            if tag == "equal":
                continue
            # What was put in is between two lines.
            changed = range(first, last) if last > first else range(max(first - 1, 0), min(first + 1, len(before)))
            for at in changed:
                body = self.body(before, at)
                if not body or any(line.startswith("#") for line in before[first:last] + after[new:new_end]):
                    return set().union(*lines.values())
                for number in body:
                    chosen |= lines.get(number, set())
        return chosen

    @staticmethod
    def body(text, at):
        """The line numbers of the function whose body line @at is in, from the { to the } in the first column, or None."""
        first = next((n for n in range(at, -1, -1) if text[n].startswith(("{", "}"))), None)
        last = next((n for n in range(at, len(text)) if text[n].startswith("}")), None)
        if first is None or last is None or (text[first].startswith("}") and first != at):
            return None
        if text[first].startswith("}"):
            first = next((n for n in range(at - 1, -1, -1) if text[n].startswith(("{", "}"))), None)
            if first is None or text[first].startswith("}"):
                return None
        return range(first + 1, last + 2)

    def tests(self, paths):
        """The names of the tests for these files, of which some may be no sources of the kernel."""
        chosen = set()
        for path in paths:
            name = os.path.basename(path)
            suite = re.fullmatch(r"(.*?)_kunit(_\w+)?\.[ch]", name)
            if path.startswith(f"{top}/tests/"):
                own = suite[1] if suite and "/kunit/" in path else name[:-2]
                if own not in self.all:
                    return list(self.all)
                chosen.add(own)
            elif self.counts and name.endswith(".c"):
                chosen |= self.of_source(path[len(source_tree) + 1:])
            else:
                return list(self.all)
        return [name for name in self.all if name in chosen]


class Watch:
    def __init__(self):
        self.children = Children()
        self.reach = None
        self.saved = set()

    def say(self, what, verdict, start, lines=()):
        print(f"{time.strftime('%H:%M:%S')} {what}: {verdict}, {time.monotonic() - start:.1f} s")
        for line in lines:
            print(line)
        sys.stdout.flush()

    def once(self, files):
        start = time.monotonic()
        self.saved |= set(files)
        what = " ".join(sorted(shown(f) for f in files)) or "start"
        status, out = self.children.run([f"{top}/scripts/build.sh"])
        if status:
            errors = [n for n, line in enumerate(out) if re.search(r"error:|undefined reference", line)]
            first = out[errors[0]:errors[0] + 1] if errors else out[-1:]
            self.say(what, "does not build", start, first)
            return
        globs, of = asked, ""
        if not asked and self.reach:
            chosen = self.reach.tests(self.saved)
            of = f"{len(chosen)} of {len(self.reach.all)} tests reach it, "
            globs = " ".join(chosen)
            if not chosen:
                self.say(what, f"no test of {len(self.reach.all)} reaches what changed, so none ran", start)
                return
        status, out = self.children.run([f"{top}/scripts/test.sh"], T=globs or "*")
        last = out[-1] if out else "no output"
        summary = next((line for line in out if line.startswith("Ran ")), last)
        bad = []
        for line in out:
            if line.startswith("NOT OK") or (bad and line.startswith("       ")):
                bad.append(line)
        self.say(what, of + ("" if status == 0 else "FAILED: " if status == 1 else "not tested: ") + summary.partition(" (")[0],
                 start, bad if bad else out[-1:] if status and summary != last else [])
        if not asked and not self.reach and os.path.exists(f"{results}/summary"):
            try:
                self.reach = Reach(self.children)
            except (OSError, IndexError) as error:
                # Another make may have taken them away. All tests run at the next save, too.
                print(f"no counts to choose tests by: {error.args[0][0][2] if isinstance(error, shutil.Error) else error}")
                sys.stdout.flush()

    def events(self):
        command = ["inotifywait", "-m", "-r", "-e", "close_write,moved_to,moved_from,delete", "--format", "%w%f",
                   "--exclude", "^" + re.escape(source_tree) + r"/(\.git|um-[^/]*)(/|$)", source_tree, f"{top}/tests"]
        return self.children.start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ends(self, said):
        why = (said.strip().splitlines() or ["inotifywait has ended"])[-1]
        print(f"{os.environ['me']}: error: cannot watch {source_tree}: {why}", file=sys.stderr)
        self.children.close()
        os._exit(2)

    def saves(self, events):
        """Yield the files of each save. What is saved during a run waits in the pipe, and is one save after it."""
        pending, text = set(), ""
        while True:
            ready, _, _ = select.select([events.stdout], [], [], QUIET if pending else None)
            if not ready:
                yield pending
                pending = set()
                continue
            data = os.read(events.stdout.fileno(), 65536).decode(errors="replace")
            if not data:
                self.ends(events.stderr.read())
            *whole, text = (text + data).split("\n")
            pending |= {path for path in whole if counts(path)}

    def go(self):
        events = self.events()
        self.once([])
        # It is said on stderr once all directories are watched.
        line = ""
        for line in events.stderr:
            if "established" in line:
                break
        else:
            self.ends(line)
        print(f"watching {source_tree} and {top}/tests; Ctrl-C ends it")
        sys.stdout.flush()
        for files in self.saves(events):
            self.once(files)


Watch().go()
