# SPDX-License-Identifier: GPL-2.0
"""The picture of a story: SVG, a lane a task, time downwards, beside each mark the line of the source."""

from page import esc

STYLE = """
.story { display: block; width: 100%; min-width: 44rem; height: auto; font: 12.5px ui-monospace, monospace }
.story text { fill: var(--fg) }
.story .dim { fill: var(--dim); font: 11px system-ui, sans-serif }
.story .name { font: 600 12px system-ui, sans-serif }
.story .bad { fill: var(--bad); font-weight: 600 } .story .half { fill: var(--half) } .story .good { fill: var(--good) }
.story line, .story path { fill: none; stroke-width: 1.5 }
.story .lane { stroke: var(--rule) } .story .runs { stroke: var(--dim); stroke-width: 6; stroke-opacity: .55 }
.story .to { stroke: var(--dim); stroke-dasharray: 2 3 } .story .cap { stroke: var(--dim); stroke-width: 3 }
.story .saw { stroke: var(--good) } .story .missed { stroke: var(--bad); stroke-dasharray: 6 4 }
.story .held { stroke: var(--half); stroke-dasharray: 1 3; stroke-width: 2.5; stroke-linecap: round }
.story .cross { stroke: var(--bad); stroke-width: 2 }
.story circle { stroke-width: 2; fill: var(--bg) }
.story .dot-saw { stroke: var(--good); fill: var(--good) } .story .dot-write { stroke: var(--good); fill: var(--good) }
.story .dot-late { stroke: var(--half) } .story .dot-in { stroke: var(--half); fill: var(--half) }
.story .dot-missed, .story .dot-early { stroke: var(--bad); fill: var(--bad) } .story .dot-switch { stroke: var(--fg) }
.story .dot-at { stroke: var(--bad) }
.story marker path { stroke: none } .story #good path { fill: var(--good) } .story #bad path { fill: var(--bad) }
@media print { .wide { overflow: visible } .story { min-width: 0; print-color-adjust: exact } pre { white-space: pre-wrap } }
figure { margin: 1rem 0 } figcaption { color: var(--dim); font-size: .8rem }
"""

LEGEND = """A lane is a task, a bar where it runs; a dashed line where it is switched away from, or waits. Green: a read that saw what
another task had written. Orange, hollow: a store that others do not see yet, until the dotted line ends. Red, dashed: the read
that should have seen it and did not."""

HEIGHTS = {"begin": 14, "in": 22, "pick": 26}
ROW, TEXT, CHARACTER, MOST = 38, 660, 7.6, 84


class Picture:
    def __init__(self, story):
        self.story = story
        self.lanes = {task: n for n, task in enumerate(sorted(story.names))}
        self.lane = min(110, max(44, 400 // max(1, len(self.lanes))))
        self.left = self.lane * len(self.lanes) + 20
        self.tilted = any(len(name) * 7.5 > self.lane for name in story.names.values())
        self.parts, self.texts = [], []
        self.y = self.head = 74 if self.tilted else 30
        self.at = {}

    def x(self, task):
        return round(self.lane * (self.lanes[task] + .5), 1)

    def line(self, css, x1, y1, x2, y2, more=""):
        self.parts.append(f'<line class="{css}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"{more}/>')

    def runs(self, task, start, end):
        self.parts.insert(0, f'<line class="runs" x1="{self.x(task)}" y1="{start}" x2="{self.x(task)}" y2="{end}"/>')

    def text(self, y, text, css="", whole=None):
        title = f"<title>{esc(whole)}</title>" if whole else ""
        self.texts.append(f'<text x="{self.left}" y="{y}" class="{css}">{title}{text}</text>')

    def label(self, row, y):
        function, at, source = row.site
        css = {"late": "half", "in": "half", "missed": "bad", "early": "bad", "at": "bad", "saw": "good"}.get(row.kind, "")
        place = f"{esc(row.name)}: {esc(at)}" + (f" {esc(function)}()" if function and at else "")
        said = f' <tspan class="{css}">{esc(row.note)}</tspan>' if row.note else ""
        if row.kind in HEIGHTS:
            self.text(y + 4, f"{esc(row.name)}{said}", "dim")
            return
        short = source if len(source) <= MOST else source[:MOST - 1] + "…"
        self.text(y, esc(short), "", source if short != source else None)
        self.text(y + 14, place + said, "dim")

    def arrow(self, css, marker, start, end):
        """Between the marks, not over them."""
        (x1, y1), (x2, y2) = start, end
        length = max(1, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** .5)
        dx, dy = (x2 - x1) / length, (y2 - y1) / length
        self.line(css, round(x1 + 6 * dx, 1), round(y1 + 6 * dy, 1), round(x2 - 8 * dx, 1), round(y2 - 8 * dy, 1),
                  f' marker-end="url(#{marker})"')
        return (x1 + x2) / 2, (y1 + y2) / 2

    def mark(self, row):
        """The dot of a row, and what leads there."""
        x, y = self.x(row.task), self.y
        key = (row.task, row.point)
        if row.kind == "pick":
            self.line("cap", x - 8, y, x + 8, y)
            return
        self.parts.append(f'<circle class="dot-{row.kind}" cx="{x}" cy="{y}" r="4.5"/>')
        if row.kind in ("late", "write", "saw"):
            self.at[key] = x, y
        if row.kind == "in":
            for n, start in enumerate(self.at[row.task, point] for point in row.points if (row.task, point) in self.at):
                self.line("held", x + 10 + 5 * n, start[1], x + 10 + 5 * n, y)
        elif row.kind == "saw" and row.event.of in self.at:
            self.arrow("saw", "good", self.at[row.event.of], (x, y))
        elif row.kind in ("missed", "early") and row.event.of in self.at:
            mx, my = self.arrow("missed", "bad", self.at[row.event.of], (x, y))
            self.parts.append(f'<path class="cross" d="M{mx - 5} {my - 5}l10 10m0 -10l-10 10"/>')

    def svg(self):
        runs, since, before = None, 0, None
        for row in self.story.rows:
            height = HEIGHTS.get(row.kind, ROW)
            self.y += height
            if row.kind == "begin":
                if runs is not None and row.task != runs:
                    self.line("to", self.x(runs), before, self.x(row.task), self.y)
                runs, since = row.task, self.y
                continue
            self.mark(row)
            self.label(row, self.y)
            before = self.y
            if row.kind in ("switch", "pick"):
                self.runs(row.task, since, self.y)
        if runs is not None and self.story.rows[-1].kind not in ("switch", "pick"):
            self.runs(runs, since, self.y + 12)
        for row in self.story.at_end:
            self.y += ROW
            self.mark(row)
            self.label(row, self.y)
        if self.story.cut:
            self.y += ROW
            self.text(self.y, f"cut here: {self.story.cut} more lines of the trace were not kept", "bad")
        if self.story.why:
            self.y += ROW
            self.text(self.y, esc(self.story.why[:MOST]), "bad", self.story.why)
        bottom = self.y + 24
        heads = []
        for task, name in self.story.names.items():
            x = self.x(task)
            turn = f' transform="rotate(-40 {x} {self.head - 8})"' if self.tilted else ' text-anchor="middle"'
            heads.append(f'<text class="name" x="{x}" y="{self.head - 8}"{turn}>{esc(name)}</text>'
                         f'<line class="lane" x1="{x}" y1="{self.head}" x2="{x}" y2="{bottom}"/>')
        arrows = "".join(f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" '
                         f'markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z"/></marker>' for name in ("good", "bad"))
        width = self.left + TEXT
        return (f'<svg class="story" viewBox="0 0 {width} {bottom}" style="max-width:{width}px" role="img" '
                f'aria-label="what the tasks did, in this order: the same is told below in words"><defs>{arrows}</defs>\n'
                + "\n".join(heads + self.parts + self.texts) + "\n</svg>")


def figure(story):
    more = (f" {story.more_reads} more reads that saw another's write are left out: nobody had been switched away from in between."
            if story.more_reads else "")
    return f'<figure class="wide">{Picture(story).svg()}<figcaption>{LEGEND}{more}</figcaption></figure>\n'
