# SPDX-License-Identifier: GPL-2.0
"""Run tests, each in a ./linux of its own, JOBS at once, and report the results.

run.py GLOB...           all that match: test.sh
run.py --one KIND NAME   that one, whatever the kernel says that it holds: one.sh
run.py --programs LIST [KNOWN RELEASE NAMES]
                         programs, each from a cpio of its own: a line each in the file LIST, NAME CPIO [WORD...]; of one
                         alone the output is shown: run.sh. KNOWN lists those that do not pass, of which RELEASE, NAMES
                         all: liburing.sh

All say in the environment where things are. What a run has left in results/<name>/: ktap, console, gcov/ (its counts),
linux.id (which build it was), ms (how long it took), verdict ("passed", "skipped", "failed", or what else became of it)
and, unless it passed, failure (what failed, in a few lines). Exit status: 0 nothing failed, 1 something did, 2 it could
not be tested."""

import fnmatch
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import asked
import ktap as reader
from asked import die, linux, me, objdir, read, results, shown, tree, words, write


class Screen:
    """Lines of output; on a terminal in colour, with the state of things below them."""

    def __init__(self):
        self.tty = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.colour = self.tty and not os.environ.get("NO_COLOR")
        self.lock = threading.Lock()

    def say(self, lines, colour=None, state=None):
        with self.lock:
            if self.colour and colour:
                lines = [f"\033[{colour}m{lines[0][:6]}\033[m{lines[0][6:]}"] + lines[1:]
            text = "".join(f"{line}\n" for line in lines)
            if self.tty:
                text = "\r\033[K" + text + (f"\033[2m{state}\033[m" if state and self.colour else state or "")
            sys.stdout.write(text)
            sys.stdout.flush()


SELECT = {"suite": "kunit.filter_glob=", "scenario": "scenario=", "program": "program="}


class Tests:
    def __init__(self, runs, alone=False, words_of=None):
        self.runs = runs
        self.words_of = words_of or {}
        self.watched = len(self.words_of) == 1
        self.alone = alone
        self.todo = list(reversed(runs))
        self.screen = Screen()
        self.limit = asked.limit()
        self.at_once = min(int(os.environ["JOBS"]), len(runs))
        self.tmpdir = asked.memory_dir(self.at_once)
        self.running = {}
        self.others = []
        self.done = {}
        self.known = None
        self.texts = {}
        self.stopping = False
        stat = os.stat(linux)
        self.id = f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns // 10**9}.{stat.st_mtime_ns % 10**9:09d}\n"

    def stop(self, number, _frame):
        """On a signal: stop all runs, and give none a verdict."""
        self.stopping = True
        for process in list(self.running.values()) + self.others:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        os._exit(128 + number)

    def go(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self.stop)
        threads = [threading.Thread(target=self.work) for _ in range(self.at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def work(self):
        while self.todo:
            try:
                kind, name = self.todo.pop()
            except IndexError:
                return
            try:
                self.run(kind, name)
            except OSError as error:
                self.screen.say([f"NOT OK {name:<24} {error}"], 31)

    def linux(self, kind, name, into):
        """Run it. Return its exit status, as a shell has it, and how long it took in s."""
        # gcc was told that it works in /proc/self/cwd: that is cut from the names of the .gcda files.
        env = {**os.environ, "TMPDIR": self.tmpdir, "GCOV_PREFIX": f"{into}/gcov", "GCOV_PREFIX_STRIP": "3"}
        # SIGQUIT makes it print the stacks of its tasks. If we are killed, it must not write counts among those of the next run.
        command = ["setpriv", "--pdeathsig", "TERM", "timeout", "-s", "QUIT", "-k", "5", str(self.limit), linux, "loglevel=8", *words,
                   *self.words_of.get(name, ()), SELECT[kind] + name]
        start = time.monotonic()
        # KTAP comes on stdout and the console on stderr, so that no message spoils a result.
        with open(f"{into}/ktap", "wb") as out, open(f"{into}/console", "wb") as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if self.watched else out,
                                       stderr=err, env=env, start_new_session=True)
            self.running[name] = process
            if self.watched:
                self.watch(process.stdout, out)
            status = process.wait()
            del self.running[name]
        return (128 - status if status < 0 else status), time.monotonic() - start

    def watch(self, stream, out):
        """Show what a program says as it comes."""
        for line in stream:
            out.write(line)
            if line.startswith(reader.SAID.encode()):
                self.screen.say([line[len(reader.SAID) + 1:].decode(errors="backslashreplace").rstrip("\r\n")])

    def run(self, kind, name):
        into = f"{results}/{name}"
        shutil.rmtree(into, ignore_errors=True)
        os.makedirs(f"{into}/gcov")
        write(f"{into}/linux.id", self.id)
        status, seconds = self.linux(kind, name, into)
        if self.stopping:
            return
        ms = int(seconds * 1000)
        ktap = reader.Run(read(f"{into}/ktap"), name.partition(".")[0] if kind == "suite" else name, kind == "program")
        why = self.reason(ktap, status, seconds, f"{into}/console")
        if self.known:
            why, reason = self.known.judge(ktap, why)
            if reason:
                self.texts[name] = self.known.text(ktap, read(f"{into}/ktap").decode(errors="backslashreplace"))
                ktap = reader.Run(self.texts[name].encode(), name, True)
        nothing = ktap.skips()
        cases_run = len(ktap.cases) - len(ktap.skipped)
        skipped = f", {len(ktap.skipped)} skipped" if ktap.skipped else ""
        if why:
            lines = self.failure(ktap, why, into)
            write(f"{into}/failure", "".join(f"{line}\n" for line in lines))
            failed = [case for case in ktap.cases if not case.ok]
            said = f"{len(failed)} of {len(ktap.cases)} cases failed" if why == "failed" and failed else why
            lines = [f"NOT OK {name:<24} {said}"] + [f"       {line}" for line in lines] + [f"       see {shown(into)}"]
        elif nothing:
            lines = [f"skip   {name:<24} nothing was tested: {nothing} {ms:6d} ms"]
        else:
            did = f"{cases_run:4d} cases{skipped}" if kind != "program" else ktap.ended()
            lines = [f"ok     {name:<24} {did} {ms:6d} ms"]
        write(f"{into}/ms", f"{ms}\n")
        write(f"{into}/verdict", f"{why or ('skipped' if nothing else 'passed')}\n")
        self.done[name] = (why, ktap)
        bad = sum(1 for failed, _ in self.done.values() if failed)
        state = f"{len(self.done)} of {len(self.runs)} runs, {bad} failed: {' '.join(sorted(self.running))}"
        self.screen.say(lines, 31 if why else 33 if nothing else 32, state[:79])

    def reason(self, ktap, status, seconds, console):
        if status in (0, 1):
            return ktap.reason(status)
        if status in (124, 137) and seconds >= self.limit:
            stacks = ", the stacks of all tasks are in its console" if re.search(rb"^task:", read(console), re.M) else ""
            return f"hung: stopped after {self.limit} s{stacks}"
        if status < 128:
            return f"ended with no verdict: exit status {status}"
        return f"crashed: exit status {status}"

    def failure(self, ktap, why, into):
        """What failed, in at most 15 lines."""
        import failure
        return failure.describe(ktap, why, into, objdir, tree, shown, not self.alone, not self.watched)

    def merge(self):
        """Merge the KTAP of all runs into one stream; the one result of each run gets a new number."""
        lines = ["KTAP version 1", f"1..{len(self.runs)}"]
        for number, (_, name) in enumerate(self.runs, 1):
            why, ktap = self.done.get(name, ("was not run to its end", None))
            if why in (None, "failed") and not ktap.wrong:
                text = self.texts.get(name) or read(f"{results}/{name}/ktap").decode(errors="backslashreplace")
                text = text.replace("\r", "")
                text = re.sub(r"^(KTAP version.*|1\.\.1)\n", "", text, flags=re.M)
                lines.append(re.sub(r"^((?:not )?ok) 1 ", rf"\1 {number} ", text, flags=re.M).rstrip("\n"))
            else:
                lines.append(f"# {name}: {why}")
                lines += [f"# {line}" for line in read(f"{results}/{name}/failure").decode().splitlines()]
                lines.append(f"not ok {number} {name}")
        return "\n".join(lines) + "\n"


# The kernel's own parser has the last word on the counts.

parser = f"{tree}/tools/testing/kunit/kunit.py"


class Parser:
    """kunit.py parse, started with the runs: its imports take longer than many a suite."""

    def __init__(self):
        command = [sys.executable, "-S", "-X", f"pycache_prefix={os.environ['work']}/pycache", parser, "parse",
                   f"--json={results}/results.json"]
        if re.search(rb"""["']--junit["']""", read(parser)):
            command.append(f"--junit={results}/junit.xml")
        with open(f"{results}/parsed", "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True)

    def parse(self):
        """Return its output on results/ktap, and its exit status."""
        try:
            self.process.communicate(read(f"{results}/ktap"))
        except BrokenPipeError:
            self.process.wait()
        counts = re.search(rb"Testing complete\. (.*)", read(f"{results}/parsed"))
        return counts[1].decode() if counts else "", self.process.returncode


def agree(counts, parsed, tests):
    """Why kunit.py does not agree that nothing has failed, or None."""
    number = {key: int(value) for key, value in re.findall(r"(\w+): (\d+)", counts)}
    passed = sum(ktap.counts()[0] for _, ktap in tests.done.values())
    skipped = sum(ktap.counts()[1] for _, ktap in tests.done.values())
    theirs = number.pop("passed", 0), number.pop("skipped", 0)
    # It takes a stream in which all was skipped for a failure.
    if theirs != (passed, skipped) or any(number.values()) or (parsed and passed):
        return f"{shown(parser)} disagrees: it counts '{counts}', here {passed} passed, {skipped} skipped: " \
            f"see {shown(results)}/ktap and parsed"
    return None


def left_out(globs):
    """Suites that were chosen, and that the build has left out of this tree, with the reason."""
    lines = [line.partition("\t") for line in read(f"{objdir}/left-out").decode(errors="replace").splitlines()]
    return [f"without {suite}: {why}" for suite, _, why in lines
            if any(fnmatch.fnmatchcase(suite[:-len("_kunit.c")], glob.partition(".")[0]) for glob in globs)]


def lacks(globs):
    """What the user's tree is without: fixes, and lines of the configuration."""
    fixes = read(f"{objdir}/lacking").decode().split() if globs else []
    lines = []
    if fixes:
        lines.append(f"this tree is without {', '.join(fixes)}: the cases about {'it' if len(fixes) == 1 else 'them'} are skipped")
    for line in read(f"{objdir}/left-out.config").decode(errors="replace").splitlines():
        _, said, what, why = line.split("\t")
        lines.append(f"without {said}, wanted for {what}: {why}")
    return lines


def forget(*names):
    """Remove results of earlier calls, so that none is taken for one of this call."""
    for name in names:
        if os.path.exists(f"{results}/{name}"):
            os.unlink(f"{results}/{name}")


def main(globs):
    forget("summary")
    os.environ["TMPDIR"] = asked.memory_dir(1)
    runs = asked.choose(globs)
    if globs == ["*"]:
        for name in os.listdir(results):
            if os.path.isdir(f"{results}/{name}"):
                shutil.rmtree(f"{results}/{name}")
    return test(Tests(runs), globs)


def programs(path, known_path=None, release=None, names=None):
    lists = [line.split() for line in read(path).decode().splitlines()]
    forget("summary")
    tests = Tests([("program", name) for name, *_ in lists],
                  words_of={name: [f"initrd={cpio}", *more] for name, cpio, *more in lists})
    if known_path:
        import known
        tests.known = known.Known(known_path, release, read(names).decode().split() if names else None)
    return test(tests, [])


def test(tests, globs):
    """Run them, report. Return the exit status."""
    runs = tests.runs
    forget("ktap", "junit.xml", "results.json", "parsed")
    write(f"{results}/runs", "".join(f"{kind} {name}\n" for kind, name in runs))
    write(f"{objdir}/linux.id", tests.id)
    tests.screen.say([f"{me}: {len(runs)} {'run' if len(runs) == 1 else 'runs'} of {shown(linux)}"])
    start = time.monotonic()
    kunit_py = Parser()
    tests.others.append(kunit_py.process)
    tests.go()
    wall = time.monotonic() - start
    try:
        write(f"{results}/ktap", tests.merge())
    except OSError as error:
        die(f"cannot write {shown(results)}/ktap, is the disk full? {error.strerror}")
    counts, parsed = kunit_py.parse()
    if not counts:
        # Python takes what a full disk has left of its cache for whole.
        shutil.rmtree(os.environ["work"] + "/pycache", ignore_errors=True)
        counts, parsed = Parser().parse()
    if not counts:
        last = read(f"{results}/parsed").decode(errors="replace").splitlines()[-1:]
        die(f"{shown(parser)} has no counts, see {shown(results)}/parsed: {''.join(last)}")
    if not os.path.exists(f"{results}/junit.xml"):
        import junit
        junit.convert(f"{results}/results.json", f"{results}/junit.xml")
    failed = [name for _, name in runs if tests.done.get(name, ("none",))[0]]
    wrong = (tests.known and tests.known.strangers()) or (None if failed else agree(counts, parsed, tests))
    if wrong:
        tests.screen.say([f"NOT OK {wrong}"], 31)
    elif all(ktap and ktap.skips() for _, ktap in tests.done.values()):
        tests.screen.say([f"{me}: nothing was tested: all of it was skipped"])
    summary = f"{counts} ({len(runs)} runs, {wall:.3f} s)"
    write(f"{results}/summary", summary + "\n")
    missing = left_out(globs)
    tests.screen.say([summary] + missing + lacks(globs), 33 if missing else None)
    if missing and not failed and not wrong and os.environ.get("PARTIAL") != "1":
        tests.screen.say([f"{me}: not all of it ran; PARTIAL=1 if that will do"])
        return 2
    return 1 if failed or wrong else 0


if sys.argv[1:2] == ["--one"]:
    alone = Tests([tuple(sys.argv[2:4])], alone=True)
    alone.go()
    sys.exit(0 if alone.done.get(sys.argv[3], ("none",))[0] is None else 1)
if sys.argv[1:2] == ["--programs"]:
    sys.exit(programs(*sys.argv[2:]))
sys.exit(main(sys.argv[1:]))
