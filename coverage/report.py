# SPDX-License-Identifier: GPL-2.0
"""Write the HTML report. scripts/report.sh has collected what it shows, and says where that is:

report.py OUT TITLE RESULTS COVERAGE TREE COLLECTED"""

import html
import os
import re
import shutil
import sys
import textwrap
import time
from urllib.parse import quote

out, title, results, coverage, tree, collected = sys.argv[1:]
pages = {}

STYLE = """
:root { color-scheme: light dark; --fg: #1d2228; --dim: #59626d; --bg: #fff; --rule: #d9dee4; --link: #0a58b0;
  --good: #17682f; --bad: #b01e17; --half: #8a5a00; --bad-bg: #fdeceb; --half-bg: #fff4dc; --open: #f2f5f8 }
@media (prefers-color-scheme: dark) {
:root { --fg: #dde2e8; --dim: #97a1ad; --bg: #14171b; --rule: #333a43; --link: #7ab4f5;
  --good: #6cc583; --bad: #ff8f86; --half: #e0b050; --bad-bg: #3a1d1c; --half-bg: #332a15; --open: #1d2228 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1rem; max-width: 64rem; color: var(--fg); background: var(--bg);
  font: 1rem/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem; margin: .2rem 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
h3 { font-size: 1rem; margin: 1rem 0 .2rem; color: var(--bad) }
p { margin: .4rem 0 }
a { color: var(--link) }
small, .dim { color: var(--dim); font-size: .8rem }
.good { color: var(--good) } .bad { color: var(--bad); font-weight: 600 } .half { color: var(--half) }
code, pre, .src { font: .8rem/1.5 ui-monospace, monospace }
code { overflow-wrap: anywhere }
pre { overflow-x: auto; margin: .3rem 0; padding: .5rem; background: var(--open) }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .3rem 1rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule) }
th { font-size: .8rem; font-weight: 600; color: var(--dim) }
td.n, th.n { text-align: right }
td:first-child { overflow-wrap: anywhere; min-width: 8.5rem }
td small { display: block }
ul { margin: .2rem 0; padding-left: 1.1rem }
@media (max-width: 36rem) { body { padding: .7rem } table { font-size: .85rem } th, td { padding-right: .4rem } }
.src { overflow-x: auto; border: 1px solid var(--rule); margin-top: 1rem; tab-size: 8 }
.src > div { min-width: max-content }
.src summary, .src .no { display: flex; white-space: pre; list-style: none }
.src summary { cursor: pointer } .src summary::-webkit-details-marker { display: none }
.src summary:hover, .src details[open], .src :target { background: var(--open) }
.src i { font-style: normal; text-align: right; color: var(--dim); width: 5ch; flex: none }
.src b { font-weight: 400; text-align: right; width: 10ch; padding-right: 2ch; flex: none }
.src .miss { background: var(--bad-bg) } .src .miss b { color: var(--bad) }
.src .part { background: var(--half-bg) } .src .part b { color: var(--half) }
.src p { position: sticky; left: 0; width: min(100%, 90vw); max-width: 60rem; margin: 0; padding: .2rem 1rem .5rem;
  white-space: normal; font-family: system-ui, sans-serif }
@media (max-width: 36rem) { .src { tab-size: 2 } .src b { width: 8ch; padding-right: 1ch } .src p { width: 88vw } }
"""


def esc(text):
    return html.escape(str(text))


def read(*path):
    """A file that may be missing; of a kernel that may have written anything."""
    try:
        with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def write(name, heading, body):
    with open(os.path.join(out, name), "w", encoding="utf-8") as file:
        file.write(f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{esc(heading)}</title>
<style>{STYLE}</style>
</head>
<body>
{body}
</body>
</html>
""")


def table(heads, rows):
    """Heads that start with # are of numbers. Cells are HTML."""
    number = [h.startswith("#") for h in heads]
    mark = [' class="n"' if n else "" for n in number]
    head = "".join(f'<th scope="col"{m}>{esc(h.lstrip("#"))}</th>' for m, h in zip(mark, heads))
    body = "".join("<tr>" + "".join(f"<td{m}>{c}</td>" for m, c in zip(mark, row)) + "</tr>\n" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n'


def when(path):
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(os.path.getmtime(path)))


def place(file, line=None, text=None):
    """A link to a line, where there is a page that has it."""
    text = esc(text or (f"{file}:{line}" if line else file))
    if file not in pages:
        return text
    return f'<a href="{pages[file]}{f"#L{line}" if line else ""}">{text}</a>'


def tracefile():
    """Of each file, the count and the branches of each line."""
    files = {}
    for row in read(coverage, "coverage.info").splitlines():
        kind, _, value = row.partition(":")
        field = value.split(",")
        if kind == "SF":
            lines = files.setdefault(os.path.relpath(value, tree), {})
        elif kind == "DA":
            lines.setdefault(int(field[0]), [0, ""])[0] += int(field[1])
        elif kind == "BRDA":
            lines.setdefault(int(field[0]), [0, ""])[1] += "-" if field[3] in ("-", "0") else "+"
    return files


def source_page(file, lines):
    """The source, with the tests that reach each line."""
    tests = {}
    for row in read(collected, "lines", file).splitlines():
        field = row.split()
        if field[0] == "line" and int(field[3]):
            tests.setdefault(int(field[2]), []).append((int(field[3]), field[1]))
    rows = []
    for n, text in enumerate(read(tree, file).split("\n")[:-1], 1):
        if n not in lines:
            rows.append(f'<div class="no" id="L{n}"><i>{n}</i><b></b>{esc(text)}</div>')
            continue
        count, branches = lines[n]
        reached = ", ".join(f"{esc(name)}&nbsp;{times}" for times, name in sorted(tests.get(n, []), key=lambda t: (-t[0], t[1])))
        state = "miss" if not count else "part" if "-" in branches else "hit"
        note = f"branches taken <code>{branches}</code><br>" if branches else ""
        rows.append(f'<details class="{state}" id="L{n}"><summary><i>{n}</i><b>{count}</b>{esc(text)}</summary>'
                    f'<p>{note}{reached or "no test reaches this line"}</p></details>')
    total = len(lines)
    hit = sum(1 for count, _ in lines.values() if count)
    write(pages[file], f"{file}: {title}", f"""<p><a href="index.html">{esc(title)}</a></p>
<h1>{esc(file)}</h1>
<p>{hit} of {total} lines reached. Open a line for the tests that reach it, and how often each.
<span class="bad">Not reached</span>, <span class="half">branches not all taken</span>.</p>
<div class="src"><div>
{chr(10).join(rows)}
</div></div>""")


def targets():
    floors = {}
    for row in read(coverage, "targets").splitlines():
        field = row.split()
        if len(field) >= 4 and not row.startswith("#"):
            floors[field[0]] = field[1:4]
    rows, notes = [], []
    for row in read(coverage, "table").splitlines():
        cells = re.findall(r"([\d.]+) % of +(\d+)(!?)", row)
        if len(cells) == 3:
            name = row.split()[0]
            file, _, function = name.partition(":")
            label = place(file) + (f":<wbr>{esc(function)}" if function else "")
            rows.append([label] + [
                f'<span class="{"bad" if low else ""}">{share}&nbsp;%{"&nbsp;!" if low else ""}</span>'
                f"<small>of&nbsp;{of}, floor&nbsp;{esc(floor)}</small>"
                for (share, of, low), floor in zip(cells, floors.get(name, "???"))])
        elif row.endswith("!"):
            notes.append(f'<p class="bad">{esc(row)}</p>')
    return table(["target", "#lines", "#functions", "#branches taken"], rows) + "".join(notes)


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
    return table(["fix", "#added lines", "#branches taken"], rows)


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


def failed_cases(name, failures):
    text, last = [], ""
    for case, said in failures:
        if said or case != last:
            text.append(f"<p>{esc(case)}</p>" + (f"<pre>{esc(textwrap.dedent(chr(10).join(said)))}</pre>" if said else ""))
        last = case
    return [f"<h3>{esc(name)}</h3>"] + text if text else []


def run(name):
    """The counts of a run, whether it passed, whether it is of another build, its row, and what failed in it."""
    ktap = read(results, name, "ktap")
    verdict = read(results, name, "verdict").strip() or "was not run to its end"
    old = read(results, name, "linux.id") != read(coverage, "linux.id")
    passed = failed = skipped = 0
    failures, said, depth = [], [], 0
    for line in ktap.splitlines():
        case = re.match(r"( +)(not )?ok \d+ ?-? ?(.*)", line)
        if not case:
            if not re.match(r" *(KTAP version|# Subtest:|1\.\.)", line):
                said.append(line)
            continue
        above, depth = depth, len(case[1])
        if depth < above:  # the sum of the results above it
            continue
        if case[2]:
            failed += 1
            failures.append((case[3], said[-30:]))
        elif "# SKIP" in case[3]:
            skipped += 1
        else:
            passed += 1
        said = []
    links = []
    for kind in "ktap", "console":
        if os.path.exists(os.path.join(results, name, kind)):
            shutil.copyfile(os.path.join(results, name, kind), os.path.join(out, "runs", f"{name}.{kind}.txt"))
            links.append(f'<a href="runs/{quote(name)}.{kind}.txt">{kind}</a>')
    good = verdict == "passed"
    if not good and not failures:
        failures.append((verdict, read(results, name, "console").splitlines()[-30:]))
    cases = f"{passed + failed + skipped}" + (f"<small>{skipped} skipped</small>" if skipped else "")
    state = f'<span class="{"good" if good else "bad"}">{esc(verdict)}</span>' + ("<small>another build</small>" if old else "")
    counts = (0, 0, 0) if old else (passed, failed + (not good and not failed), skipped)
    return counts, good, old, [
        esc(name), state, cases, esc(read(results, name, "ms").strip()), " ".join(links)], failed_cases(name, failures)


def main():
    os.makedirs(os.path.join(out, "runs"))
    traced = tracefile()
    for file in read(collected, "files").split():
        if file in traced:
            pages[file] = quote(file.replace("/", "-")) + ".html"
    for file in pages:
        source_page(file, traced[file])

    names = sorted(n for n in os.listdir(results) if os.path.isfile(os.path.join(results, n, "linux.id")))
    runs = sorted((run(n) for n in names), key=lambda r: r[1])
    passed, failed, skipped = (sum(r[0][i] for r in runs) for i in range(3))
    failures = "".join("".join(r[4]) for r in runs if not r[2])
    old = sum(r[2] for r in runs)
    junit = ' <a href="junit.xml">JUnit XML</a>.' if os.path.exists(os.path.join(out, "junit.xml")) else ""
    html_pages = "../" + os.path.basename(coverage) + "/html/"
    write("index.html", title, f"""<h1>{esc(title)}</h1>
<p><b class="good">{passed} passed</b>, <b class="{'bad' if failed else ''}">{failed} failed</b>, {skipped} skipped,
in {len(runs) - old} runs{f"; {old} of another build are not counted" if old else ""}. <span class="dim">{when(os.path.join(coverage, 'coverage.info'))}</span></p>
<p><a href="{html_pages}index.html">Coverage of all files</a> (genhtml).{junit}</p>
{'<h2>Failures</h2>' + failures if failures else ''}
<h2>Coverage of the targets</h2>
{targets()}<p><small>A file's page says which tests reach each line.</small></p>
<h2>Lines that the fixes add</h2>
{fixes()}
<h2>Proof: without each fix, and with it</h2>
{proof()}
<h2>Suites and scenarios</h2>
{table(["run", "result", "#tests", "#ms", "output"], (r[3] for r in runs))}""")


main()
