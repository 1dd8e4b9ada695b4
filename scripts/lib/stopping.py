# SPDX-License-Identifier: GPL-2.0
"""^C, for explore.py: an exception where there is something to say, or to remove elsewhere, before it ends."""

import contextlib
import os
import signal

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


class Stopped(Exception):
    """By a signal, which is its argument."""


def stop(number, _frame):
    # One more ends us at once.
    for one in SIGNALS:
        signal.signal(one, lambda n, _: os._exit(128 + n))
    raise Stopped(number)


@contextlib.contextmanager
def stoppable():
    """Inside, a signal raises Stopped; before and after, it does what it did."""
    before = {one: signal.signal(one, stop) for one in SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
