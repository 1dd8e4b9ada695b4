# SPDX-License-Identifier: GPL-2.0
"""Parts of the report's pages: style, tables."""

import html
import os
import time

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
.src .out { color: var(--dim) }
.src .part { background: var(--half-bg) } .src .part b { color: var(--half) }
.src p { position: sticky; left: 0; width: min(100%, 90vw); max-width: 60rem; margin: 0; padding: .2rem 1rem .5rem;
  white-space: normal; font-family: system-ui, sans-serif }
@media (max-width: 36rem) { .src { tab-size: 2 } .src b { width: 8ch; padding-right: 1ch } .src p { width: 88vw } }
"""


def esc(text):
    return html.escape(str(text))


def write(path, heading, body):
    with open(path, "w", encoding="utf-8") as file:
        file.write(whole(heading, body))


def whole(heading, body):
    return f"""<!DOCTYPE html>
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
"""


def table(heads, rows):
    """A head that starts with # is of a column of numbers. Cells are HTML."""
    number = [h.startswith("#") for h in heads]
    mark = [' class="n"' if n else "" for n in number]
    head = "".join(f'<th scope="col"{m}>{esc(h.lstrip("#"))}</th>' for m, h in zip(mark, heads))
    body = "".join("<tr>" + "".join(f"<td{m}>{c}</td>" for m, c in zip(mark, row)) + "</tr>\n" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n'


def when(path):
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(os.path.getmtime(path)))
