# SPDX-License-Identifier: GPL-2.0
"""The shortest list of a schedule that still fails: lists are what the kernel prints and explore.list= takes."""


def split(text):
    """The atoms of a list: each switch, and each store that it holds, as (item, store)."""
    atoms = []
    for number, item in enumerate([] if text == "none" else text.split(",")):
        switch, *held = item.split("!")
        atoms += [(number, switch, None)] + [(number, switch, store) for store in held]
    return atoms


def join(atoms):
    items = {}
    for number, switch, store in atoms:
        items.setdefault((number, switch), []).extend([store] if store else [])
    # A switch that was deleted takes its stores along.
    there = {(number, switch) for number, switch, store in atoms if store is None}
    return ",".join("!".join([switch, *held]) for (number, switch), held in sorted(items.items()) if (number, switch) in there) or "none"


def ddmin(atoms, fails):
    """Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (2002): no single atom can be deleted."""
    parts = 2
    while len(atoms) >= 1:
        size = max(1, len(atoms) // parts)
        for start in range(0, len(atoms), size):
            rest = atoms[:start] + atoms[start + size:]
            if fails(rest):
                atoms, parts = rest, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(atoms), parts * 2)
    return atoms
