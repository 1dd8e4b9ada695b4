# SPDX-License-Identifier: GPL-2.0
"""gcov's counts of an exploration: explored-<flavour>/<trial>/ has those of the last one of each trial, of all its boots here, in gcov/,
and the build that they are of in linux.id. coverage/cov.py reads them."""

import glob
import os
import shutil
import sys

import focus
from asked import linux, write

directory = os.environ.get("counts")
# Boots of an exploration that was ended may still write there.
ours = f"{directory}.{os.getpid()}"
# What is replayed is counted already; where to look, not all of it is.
counting = bool(directory) and sys.argv[1:2] == ["explore"]


def words(name):
    """Where a boot of that trial or scenario leaves them, for its environment: libgcov adds to what is there."""
    if not counting or focus.words():
        return {}
    # gcc was told that it works in /proc/self/cwd: that is cut from the names of the .gcda files.
    return {"GCOV_PREFIX": f"{ours}/{name}/gcov", "GCOV_PREFIX_STRIP": "3"}


def drop():
    """Those of an exploration that has ended otherwise, or of what boots here say of one elsewhere."""
    if counting:
        shutil.rmtree(ours, ignore_errors=True)


def keep(names, whole):
    """Replace those of the last exploration of these; of some that could not be explored, there are none."""
    global counting
    counting = False
    stat = os.stat(linux)
    for name in names:
        shutil.rmtree(f"{directory}/{name}", ignore_errors=True)
        if name in whole and os.path.isdir(f"{ours}/{name}"):
            write(f"{ours}/{name}/linux.id", f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns // 10**9}.{stat.st_mtime_ns % 10**9:09d}\n")
            os.makedirs(directory, exist_ok=True)
            os.rename(f"{ours}/{name}", f"{directory}/{name}")
    for left in glob.glob(f"{glob.escape(directory)}.*"):
        shutil.rmtree(left, ignore_errors=True)
