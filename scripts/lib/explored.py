# SPDX-License-Identifier: GPL-2.0
"""The pages of build/<kernel>/report-explore/: one for each story that make replay or make minimise has told, one for each make
explore, and an index of them."""

import contextlib
import json
import os
import sys
import time

import focus
import page
import picture
import story
from asked import me, read, shown, write
from boot import Boot, Unable, again, given, short
from page import esc, table

unsaved = []
directory = os.environ["report"]
# Of the explorations; a story is written anew, under its name.
KEPT = 30


@contextlib.contextmanager
def saving():
    """What is found is said, also if it cannot be written down: one line says that."""
    try:
        yield
    except OSError as error:
        if not unsaved:
            print(f"{me}: error: cannot write {shown(str(error.filename))}: {error.strerror}; what is printed here is not kept",
                  file=sys.stderr)
        unsaved.append(error)


def note(text):
    print(f"{me}: note: {text}", file=sys.stderr)


def tell(boot, minimal, facts):
    """Print the story, and write its page."""
    told = story.Story(boot.log, boot.why)
    print(f"{facts}\n{story.tell(told)}")
    with saving():
        print(f"Picture: {shown(story_page(boot, told, minimal, facts))}")
    print(f"LIST={boot.signed}")


def index():
    """What is known of each page, by its name."""
    try:
        return json.loads(read(f"{directory}/index.json"))
    except ValueError:
        return {}


def save(name, kind, title, what, body, build=None):
    """Write a page, and link it from the index. Return its path."""
    os.makedirs(directory, exist_ok=True)
    style = f"<style>{picture.STYLE}</style>\n"
    write(f"{directory}/{name}", page.whole(title, f'{style}<p><a href="index.html">All explorations and stories</a></p>\n{body}'))
    pages = index()
    pages[name] = {"kind": kind, "title": title, "what": what, "build": build, "when": time.time()}
    pages = {n: p for n, p in pages.items() if os.path.exists(f"{directory}/{n}")}
    for old in sorted((n for n, p in pages.items() if p["kind"] == "exploration"), key=lambda n: pages[n]["when"])[:-KEPT]:
        os.unlink(f"{directory}/{old}")
        del pages[old]
    parts = []
    for kind, heading in ("exploration", "Explorations"), ("story", "Stories"):
        rows = [[f'<a href="{n}">{esc(p["title"])}</a>', esc(p["what"]), time.strftime("%Y-%m-%d %H:%M", time.localtime(p["when"]))]
                for n, p in sorted(pages.items(), key=lambda item: -item[1]["when"]) if p["kind"] == kind]
        if rows:
            parts.append(f"<h2>{heading}</h2>\n{table(['', 'result', 'when'], rows)}")
    write(f"{directory}/index.html", page.whole("umring: explored", f"<h1>umring: explored</h1>\n{''.join(parts)}"))
    write(f"{directory}/index.json", json.dumps(pages))
    return f"{directory}/{name}"


def words(trial, seed=None, schedule=None):
    """What make replay, minimise and gdb take to come to it."""
    which = f" SEED={seed}" if seed else ""
    return f"T={short(trial)}{which}{again()}" + (f" LIST='{schedule}'" if schedule else "")


def story_page(boot, told, minimal, facts):
    """The page of a schedule that failed; facts is its first line. Return its path."""
    bug = os.environ.get("put_in")
    title = f"{short(boot.trial)}, seed {boot.seed}{', as short as it can be' if minimal else ''}{f', with {bug} put in' if bug else ''}"
    name = f"{f'{bug}-' if bug else ''}{short(boot.trial)}.{boot.seed}{'.minimal' if minimal else '.list' * (boot.algo == 'list')}.html"
    return save(name, "story", title, boot.why, f"""<h1>{esc(title)}</h1>
<p>{esc(facts)}</p>
{picture.figure(told)}
<h2>In words</h2>
<pre>{esc(story.tell(told))}</pre>
<h2>Again</h2>
<p>With this build ({esc(boot.build or 'which did not say its name')}):</p>
<pre>make replay {esc(words(boot.trial, boot.seed, boot.signed))}
make gdb {esc(words(boot.trial, boot.seed, boot.signed))}</pre>""", boot.build)


def curve(points, seconds):
    """How many pairs had been seen, over the seconds."""
    width, height, left, bottom = 640, 220, 46, 30
    most, seconds = max(len(points), 1), max(seconds, .1)

    def at(when, number):
        return (f"{left + (width - left - 10) * min(when / seconds, 1):.1f} "
                f"{10 + (height - bottom - 10) * (1 - number / most):.1f}")

    line, n = [f"M{at(0, 0)}"], 0
    for n, when in enumerate(sorted(points), 1):
        line += [f"L{at(when, n - 1)}", f"L{at(when, n)}"]
    line.append(f"L{at(seconds, n)}")
    marks = "".join(f'<text class="dim" x="{left - 6}" y="{at(0, number).split()[1]}" text-anchor="end">{number}</text>'
                    for number in sorted({0, most // 2, most}))
    digits = 0 if seconds > 5 else 1
    marks += "".join(f'<text class="dim" x="{at(when, 0).split()[0]}" y="{height - 10}" text-anchor="middle">{when:.{digits}f} s</text>'
                     for when in (0, seconds / 2, seconds))
    return (f'<svg class="story" viewBox="0 0 {width} {height}" style="max-width:{width}px; min-width:0" role="img" '
            f'aria-label="{n} pairs in {seconds:.0f} seconds"><path class="lane" d="M{at(0, most)}L{at(0, 0)}L{at(seconds, 0)}"/>{marks}'
            f'<path class="saw" d="{"".join(line)}"/></svg>')


def pair_rows(known):
    rows = []
    for key, (nr, first, _) in sorted(known.rows.items(), key=lambda item: (item[0][1], item[0][4])):
        sides = [f"{esc(at) or esc(function)}<br><code>{esc(text)}</code>" for function, at, text in (key[:3], key[3:6])]
        new = '<span class="good">new</span>' if key in known.new else ""
        rows.append([*sides, "too late to be seen" if key[6] else "seen", str(nr), str(first), new])
    return rows


def pairs_of(exploration, trial):
    known, seen = exploration.known[trial], exploration.pairs[trial]
    if not known.rows:
        return ""
    new = f", {len(known.new)} new" if known.new else ""
    enough = f"; none since seed {seen.newest + exploration.first - 1}" if trial not in exploration.open else ""
    return f" {len(known.rows):5d} pairs{new}{enough}"


def pairs_said(exploration):
    known = exploration.known.values()
    return f"{sum(len(k.rows) for k in known)} pairs, {sum(len(k.new) for k in known)} new"


def picture_of(boot):
    """What happened in a seed that failed, and the seed told once more; nothing if it cannot be."""
    try:
        again = Boot(boot.trial, boot.seed, "explore.trace=1")
    except Unable:
        return ""
    if not again.failed:
        return "<p>It has not failed again.</p>"
    minimal = f"{short(boot.trial)}.{boot.seed}.minimal.html"
    told = index().get(minimal, {})
    same = (told.get("what"), told.get("build")) == (again.why, again.build) and os.path.exists(f"{directory}/{minimal}")
    more = f'<a href="{minimal}">As short as it can be</a>' if same else \
        f"As short as it can be: <code>make minimise {esc(words(boot.trial, boot.seed))}</code>"
    return f"<p>{more}</p>\n{picture.figure(story.Story(again.log, again.why))}"


def exploration_page(exploration, summary, took):
    """What an exploration (explore.py) did: seeds, algorithms, what it found and when, pairs over time. Return its path."""
    rows, stories, details = [], [], []
    for trial, known in exploration.known.items():
        boot, found = exploration.over.get(trial), ""
        if boot and exploration.lacks(trial):
            found = f'<span class="bad">{esc(boot.wrong())}</span>'
        elif boot:
            found = (f'<span class="bad">seed {boot.seed} ({esc(boot.algo)})</span><small>{esc(boot.why)}<br>'
                     f"after {exploration.over_s[trial]:.1f} s</small>")
            stories.append(f"<h3>{esc(short(trial))}, seed {boot.seed}: {esc(boot.why)}</h3>\n{picture_of(boot)}")
        done = exploration.done[trial]
        if trial in exploration.skipped and not found:
            found = esc(f"left out: {exploration.skipped[trial]}")
        rows.append([esc(short(trial)), str(done), f"{done / (exploration.ns[trial] / 1e9):.0f}", str(len(known.rows)), str(len(known.new)),
                     str(exploration.pairs[trial].newest), found])
        details.append(f"<details><summary>{esc(short(trial))}: {len(known.rows)} pairs</summary>"
                       + table(["written", "read", "", "#seeds", "#first", ""], pair_rows(known)) + "</details>")
    moments = [when for known in exploration.known.values() for _, _, when in known.rows.values()]
    algorithm = given.get("ALGO") or "mix: half of the seeds bursts, a quarter each pct and pos"
    memory = given.get("MEMORY") or "weak"
    title = f"Explored {time.strftime('%Y-%m-%d %H:%M')}"
    build = next((seen.build for seen in exploration.pairs.values() if seen.build), "unknown")
    looked = f" Most switches are at the calls of hooks in {esc(focus.where())}; other trials are left out." if focus.words() else ""
    path = save(time.strftime("explored-%Y%m%d-%H%M%S.html"), "exploration", title, summary, f"""<h1>{title}</h1>
<p>{esc(summary)}. Algorithm {esc(algorithm)}; memory {esc(memory)}; seeds from {exploration.first} on; build {build}.{looked}</p>
{'<h2>What was found</h2>' + ''.join(stories) if stories else ''}
<h2>Trials</h2>
{table(["trial", "#seeds", "#a second", "#pairs", "#new", "#last new after", "failure"], rows)}
<h2>Pairs seen over time</h2>
<p>A pair is a write by one task, and a read by another that saw it, or that came later and did not see it yet. New are those that
no earlier exploration has seen.</p>
<figure>{curve(moments, took)}</figure>
{''.join(details)}""")
    return shown(path)
