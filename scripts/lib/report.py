# SPDX-License-Identifier: GPL-2.0
"""Write the HTML report. scripts/report.sh has collected what it shows, and says where that is:

report.py OUT KERNEL FLAVOUR OLD TREE OBJDIR RESULTS ID COVERAGE COLLECTED

OLD is the last report; its summary.json is what the new one is compared with."""

import json
import os
import re
import shutil
import sys
import textwrap
import time
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../coverage"))
import cov
import elsewhere
import ktap as reader
from cov import read
from page import esc, table, when, write

out, kernel, flavour, old, tree, objdir, results, ident, coverage, collected = sys.argv[1:]
title = f"umring: kernel {kernel}, flavour {flavour}"
pages = {}


def place(file, line=None, text=None):
    """A link to a line, if there is a page with it."""
    text = esc(text or (f"{file}:{line}" if line else file))
    if file not in pages:
        return text
    return f'<a href="{pages[file]}{f"#L{line}" if line else ""}">{text}</a>'


def source_page(file, lines, tests, others):
    """The source, with the tests that reach each line. tests has the count of each run; lines, count and conditions without
    what coverage/targets leaves out; others, what these have of all sources."""
    rows, marked = [], {}
    for who, theirs in others.items():
        for what, numbers in zip(("reaches this line", "has each outcome"), elsewhere.only(theirs.get(file, {}), lines)):
            for n in numbers:
                marked[n] = marked.get(n, "") + f"only {who} {what}<br>"
    for n, text in enumerate(read(tree, file).split("\n")[:-1], 1):
        counts = tests.get(n, {})
        if n not in lines and n not in tests:
            rows.append(f'<div class="no" id="L{n}"><i>{n}</i><b></b>{esc(text)}</div>')
            continue
        count, marks = lines.get(n, (0, ""))
        reached = ", ".join(f"{esc(run)}&nbsp;{times}" for run, times in
                            sorted(counts.items(), key=lambda c: (-c[1], c[0])) if times)
        state = "out" if n not in lines else "miss" if not count else "part" if "-" in marks else "hit"
        note = "left out by coverage/targets<br>" if n not in lines else f"outcomes <code>{marks}</code><br>" if marks else ""
        note += marked.get(n, "")
        rows.append(f'<details class="{state}" id="L{n}"><summary><i>{n}</i><b>{count}</b>{esc(text)}</summary>'
                    f'<p>{note}{reached or "no test reaches this line"}</p></details>')
    total = len(lines)
    hit = sum(1 for count, _ in lines.values() if count)
    write(os.path.join(out, pages[file]), f"{file}: {title}", f"""<p><a href="index.html">{esc(title)}</a></p>
<h1>{esc(file)}</h1>
<p>{hit} of {total} lines reached. Open a line for the tests that reach it, and how often each;
<code>make who AT={esc(file)}:LINE</code> names the cases of a suite.</p>
<p><span class="bad">Not reached</span>, <span class="half">reached, but a condition went one way only</span>. Outcomes: two
for each condition of the line in its order, <code>+</code> seen, <code>-</code> not, <code>e</code> only in exploration; a
<code>switch</code> has one for each case.</p>
<div class="src"><div>
{chr(10).join(rows)}
</div></div>""")


def only_column(theirs, counted, per_run):
    """{target: cell} with the lines that only another flavour reaches, or of which only it has each outcome."""
    cells = {}
    for file in pages:
        reached, outcomes = elsewhere.only(theirs.get(file, {}), counted[file])
        inside = per_run[file][2]
        for name in [file] + sorted({inside.get(n) for n in reached + outcomes} - {None}):
            found = [n for n in sorted(reached + outcomes) if name in (file, inside.get(n))]
            cells[name if name == file else f"{file}:{name}"] = str(len(found)) + (
                f"<small>{' '.join(place(file, n, str(n)) for n in found[:8])}</small>" if found else "")
    return cells


def targets(only):
    """The table; only has what only others reach, {who: {target: cell}}."""
    floors = cov.floors.Targets(kernel).floors
    rows, notes = [], []
    for row in read(coverage, "table").splitlines():
        cells = re.findall(r"([\d.]+) % of +(\d+)(!?)", row)
        if len(cells) == 3:
            name = row.split()[0]
            file, _, function = name.partition(":")
            label = place(file) + (f":<wbr>{esc(function)}" if function else "")
            rows.append([label] + [
                f'<span class="{"bad" if low else ""}">{share}&nbsp;%{"&nbsp;!" if low else ""}</span>'
                f"<small>of&nbsp;{of}, floor&nbsp;{floor:g}</small>"
                for (share, of, low), floor in zip(cells, floors[name])] + [column.get(name, "0") for column in only.values()])
        elif row.endswith("!"):
            notes.append(f'<p class="bad">{esc(row)}</p>')
    head = ["target", "#lines", "#functions", "#lines that branch"] + [f"#only {who} reaches" for who in only]
    return table(head, rows) + "".join(notes)


def fixes():
    rows = []
    for name in read(collected, "fixes").split():
        head, *rest = read(collected, "patch", name).splitlines() or ["no figures"]
        cells = re.findall(r"([\d.]+) % of +(\d+)", head)
        found = []
        for line in rest:
            at = re.match(r" *([^ :]+):(\d+): (not reached|branches [+-]+): (.*)", line)
            if at:
                found.append(f"{place(at[1], at[2])} <span class=\"half\">{at[3]}</span><br><code>{esc(at[4])}</code>")
            else:
                found.append(esc(line.strip()))
        listed = f"<ul>{''.join(f'<li>{f}</li>' for f in found)}</ul>" if found else ""
        if len(cells) != 2:
            rows.append([esc(name) + f'<br><span class="bad">{esc(head)}</span>', "", ""])
        else:
            rows.append([esc(name) + listed] + [f"{share}&nbsp;%<small>of&nbsp;{of}</small>" for share, of in cells])
    return table(["fix", "#added lines", "#lines that branch"], rows)


def proof():
    rows = []
    for name in read(collected, "fixes").split():
        path = os.path.join(collected, "proof", name)
        text = read(path).splitlines()
        if not text:
            continue
        without, having, verdict = text[0].split("\t")
        css = "good" if verdict.startswith("proved") else "bad"
        rows.append([f'{esc(name)}: <span class="{css}">{esc(verdict)}</span><small>{", ".join(map(esc, text[1:]))}</small>'
                     f"<small>{when(path)}</small>", esc(without), esc(having)])
    if not rows:
        return "<p>Not run on this kernel: <code>make prove</code></p>"
    tables = sorted(n for n in os.listdir(os.path.join(collected, "proof")) if n.endswith(".table"))
    return table(["fix", "without", "with"], rows) + "".join(
        f"<pre>{esc(read(collected, 'proof', n).strip())}</pre>" for n in tables)


def review():
    """A link to the page of the last make review, if there is one."""
    title, _, verdict = read(os.path.dirname(out), "review", "verdict").strip().partition("\n")
    return f'<h2>The last make review</h2><p><a href="../review/index.html">{esc(title)}</a>: {esc(verdict)}</p>' if title else ""


def explored():
    """A link to the pages of make explore, if there are any."""
    said = [page["what"] for page in (load(os.path.dirname(out), "report-explore", "index.json") or {}).values()
            if page["kind"] == "exploration"]
    return f'<h2>The last make explore</h2><p><a href="../report-explore/index.html">{esc(said[-1])}</a></p>' if said else ""


def failed_cases(name, failures):
    text, last = [], ""
    for case, said in failures:
        if said or case != last:
            text.append(f"<p>{esc(case)}</p>" + (f"<pre>{esc(textwrap.dedent(chr(10).join(said)))}</pre>" if said else ""))
        last = case
    return [f"<h3>{esc(name)}</h3>"] + text if text else []


def run(name):
    """The results of a run: {case: "ok", "not ok" or "skip"}, whether it passed, whether it is of another build, its row, and
    what failed in it."""
    verdict = read(results, name, "verdict").strip() or "was not run to its end"
    other = read(results, name, "linux.id") != read(coverage, "linux.id")
    cases, failures = {}, []
    top = reader.Run(read(results, name, "ktap").encode(), name).top
    for leaf in top.leaves() if top else []:
        label = leaf.name
        while label in cases:  # parameters may share a name
            label += "'"
        cases[label] = "skip" if leaf.skip else "ok" if leaf.ok else "not ok"
        if not leaf.ok:
            failures.append((leaf.name, leaf.said[-30:]))
    links = []
    for kind in "ktap", "console":
        if os.path.exists(os.path.join(results, name, kind)):
            shutil.copyfile(os.path.join(results, name, kind), os.path.join(out, "runs", f"{name}.{kind}.txt"))
            links.append(f'<a href="runs/{quote(name)}.{kind}.txt">{kind}</a>')
    good = verdict == "passed"
    failure = read(results, name, "failure").splitlines()
    if not good and failure:
        failures = [(verdict, failure)]
    elif not good and not failures:
        failures.append((verdict, read(results, name, "console").splitlines()[-30:]))
    if not good and "not ok" not in cases.values():
        cases[verdict] = "not ok"
    skipped = list(cases.values()).count("skip")
    number = f"{len(cases)}" + (f"<small>{skipped} skipped</small>" if skipped else "")
    state = f'<span class="{"good" if good else "bad"}">{esc(verdict)}</span>' + ("<small>another build</small>" if other else "")
    return cases, good, other, [
        esc(name), state, number, esc(read(results, name, "ms").strip()), " ".join(links)], failed_cases(name, failures)


def summary(runs, lines):
    """What the next report is compared with: the result of each case, and the lines that are reached, by their text, since
    their numbers move."""
    reached = {}
    for file in pages:
        text, seen, found = [""] + read(tree, file).split("\n"), {}, []
        for n in sorted(lines[file]):
            line = text[n].strip()
            seen[line] = seen.get(line, 0) + 1
            if lines[file][n][0]:
                found.append([line, seen[line]])
        reached[file] = found
    stamps = [str(os.stat(os.path.join(results, name, "linux.id")).st_mtime_ns) for name in sorted(runs)]
    return {"of": " ".join(stamps), "when": time.strftime("%Y-%m-%d %H:%M"), "tested": read(collected, "tested"),
            "runs": sorted(runs), "reached": reached,
            "cases": {f"{name}.{case}": how for name, cases in runs.items() for case, how in cases.items()}}


def load(*path):
    try:
        return json.loads(read(*path))
    except ValueError:
        return None


def listed(heading, items, css=""):
    if not items:
        return ""
    more = f"<li>and {len(items) - 20} more</li>" if len(items) > 20 else ""
    return f'<p class="{css}">{heading}: {len(items)}</p><ul>{"".join(f"<li>{item}</li>" for item in items[:20])}{more}</ul>'


def change(before, now):
    """Changes since the last report: tests that fail now or no longer, lines that are reached now or no longer."""
    if not before:
        return "<p>There is no report of an earlier run to compare with.</p>"
    then, cases = before["cases"], now["cases"]
    failing = [c for c in cases if cases[c] == "not ok"]
    body = listed("newly failing", [esc(c) for c in failing if then.get(c, "not ok") != "not ok"], "bad")
    body += listed("failing, and not run then", [esc(c) for c in failing if c not in then], "bad")
    body += listed("no longer failing", [esc(c) for c in cases if cases[c] != "not ok" and then.get(c) == "not ok"], "good")
    if before["runs"] == now["runs"]:
        body += listed("no longer run", [esc(c) for c in then if c not in cases], "half")
        gone, come = [], []
        for file in sorted(set(now["reached"]) & set(before["reached"])):
            was, is_now = ({tuple(line) for line in of["reached"][file]} for of in (before, now))
            text = [line.strip() for line in read(tree, file).split("\n")]
            for kind, some in (gone, was - is_now), (come, is_now - was):
                found = []
                for line, nth in some:
                    numbers = [n for n, t in enumerate(text, 1) if t == line]
                    found += [(numbers[min(nth, len(numbers)) - 1], line)] if numbers else []
                kind += [f"{place(file, n)} <code>{esc(line)}</code>" for n, line in sorted(found)]
        body += listed("lines no longer reached", gone, "bad") + listed("newly reached lines", come, "good")
    else:
        body += "<p>Other tests were run then, so lines are not compared.</p>"
    was = "; ".join(esc(row.replace("\t", " ")) for row in before["tested"].splitlines() if row.startswith(("tree", "edits")))
    body = body or "<p>Nothing: the same tests fail, the same lines are reached.</p>"
    return f'<p class="dim">{esc(before["when"])}: {was}</p>' + body


def main():
    os.makedirs(os.path.join(out, "runs"))
    counted = {file: {int(n): line for n, line in lines.items()} for file, lines in load(coverage, "lines.json").items()}
    for file in read(collected, "files").split():
        if file in counted:
            pages[file] = quote(file.replace("/", "-")) + ".html"
    per_run = cov.Build(tree, objdir, results, ident).per_run(list(pages))
    beside = {}
    for who, of in ("liburing", "liburing"), ("exploration", "explore"):
        theirs = elsewhere.lines(tree, of, pages) if not flavour.startswith(of) else None
        if theirs is not None:
            beside[who] = theirs
    for file in pages:
        source_page(file, counted[file], per_run[file][0], beside)

    columns = {who: only_column(theirs, counted, per_run) for who, theirs in beside.items()}
    names = sorted(n for n in os.listdir(results) if os.path.isfile(os.path.join(results, n, "linux.id")))
    runs = {name: run(name) for name in names}
    mine = {name: r[0] for name, r in runs.items() if not r[2]}
    counts = [how for cases in mine.values() for how in cases.values()]
    passed, failed, skipped = counts.count("ok"), counts.count("not ok"), counts.count("skip")
    failures = "".join("".join(r[4]) for r in runs.values() if not r[2])
    others = len(runs) - len(mine)
    now = summary(mine, counted)
    before = load(old, "summary.json")
    if before and before["of"] == now["of"]:  # a second report of the same runs
        before = load(old, "before.json")
    for name, what in ("summary.json", now), ("before.json", before):
        with open(os.path.join(out, name), "w", encoding="utf-8") as file:
            json.dump(what, file)
    tested = "".join(f"<tr><th scope=\"row\">{esc(name)}</th><td>{esc(value)}</td></tr>" for name, _, value in
                     (row.partition("\t") for row in read(collected, "tested").splitlines()))
    junit = ' <a href="junit.xml">JUnit XML</a>.' if os.path.exists(os.path.join(out, "junit.xml")) else ""
    write(os.path.join(out, "index.html"), title, f"""<h1>{esc(title)}</h1>
<p><b class="good">{passed} passed</b>, <b class="{'bad' if failed else ''}">{failed} failed</b>, {skipped} skipped,
in {len(mine)} runs{f"; {others} of another build are not counted" if others else ""}.
<span class="dim">{when(os.path.join(coverage, 'coverage.info'))}</span></p>
{'<h2>Failures</h2>' + failures if failures else ''}
<h2>What was tested</h2>
<div class="wide"><table><tbody>{tested}</tbody></table></div>
<h2>Change since the last run</h2>
{change(before, now)}
<h2>Coverage of the targets</h2>
{targets(columns)}<p><small>A line that branches counts as hit if each condition on it went both ways. A file's page says which
tests reach each line. <a href="../{os.path.basename(coverage)}/html/index.html">Coverage of all files</a> (genhtml).{junit}</small></p>
{review()}{explored()}
<h2>Lines that the fixes add</h2>
{fixes()}
<h2>Proof: without each fix, and with it</h2>
{proof()}
<h2>Suites and scenarios</h2>
{table(["run", "result", "#tests", "#ms", "output"], (r[3] for r in sorted(runs.values(), key=lambda r: r[1])))}""")


main()
