# SPDX-License-Identifier: GPL-2.0
"""A review (review.py) in words: the screen, the reply to the mail, and a page of the report."""

import textwrap

from page import esc, table, write
from review import some, tests_said

FEW = 6


def row(name, text, width=132):
    return textwrap.wrap(text, width, initial_indent=f"{name:<12}", subsequent_indent=" " * 12, break_long_words=False,
                         break_on_hyphens=False) or [name]


def listed(name, items, most=FEW):
    """Rows of these, cut to fit a line, and the number of the others."""
    said = [f"  {name if not n else '':<10}{item}"[:150] for n, item in enumerate(items[:most])]
    if len(items) > most:
        said.append(f"{'':12}and {len(items) - most} more")
    return said


def counted(counts):
    return ", ".join(f"{counts[state]} {state}" for state in ("passed", "failed", "skipped") if counts[state]) or "no result"


def cases(name, found, most=FEW):
    said = []
    for test, lines in found[:most]:
        said.append(f"  {name:<10}{': '.join([test] + lines[:1])}"[:150])
        said += [f"{'':16}{line.strip()}"[:150] for line in lines[1:4]]
        name = ""
    if len(found) > most:
        rest = " ".join(test for test, _ in found[most:])
        said.append(textwrap.shorten(f"{'':12}and {len(found) - most} more: {rest}", 150))
        said[-1] = f"{'':12}{said[-1].strip()}"
    return said


def title(review):
    subjects = review.subjects
    by = f", by {review.author}" if review.author not in ("", "nobody") else ""
    return f"\"{subjects[-1] if len(subjects) == 1 else subjects[0]}\"{f' and {len(subjects) - 1} more' if len(subjects) > 1 else ''}{by}"


def checkpatch(review):
    kinds = {kind: sum(r[2].startswith(kind) for r in review.check) for kind in ("ERROR", "WARNING", "CHECK")}
    return ", ".join(some(n, kind.lower()) for kind, n in kinds.items())


def coverage(review):
    lines = review.lines
    if not lines.added:
        return "it adds no line with code that is counted"
    whole = len(lines.branching) - len(lines.half) - sum("-" in lines.marks(at) for at in lines.unreached)
    return f"{len(lines.reached)} of {len(lines.added)} reached" + (
        f", {whole} of {len(lines.branching)} that branch go each way" if lines.branching else "")


def reach(review):
    return [f"{a[0]}:{a[1]}" + (f"-{b[1]}" if a != b else "") + f": {tests_said(tests)}" for a, b, tests in review.lines.groups()]


def mutants(review):
    became = {kind: sum(r[0] == kind for r in review.mutants) for kind in ("killed", "survived", "explained", "undone")}
    return f"{review.tried()} of {len(review.mutants)} tried: {became['killed']} noticed, {became['survived']} not" + (
        f", {became['explained']} not and explained in coverage/survivors" if became["explained"] else "")


def screen(review, at):
    facts = review.facts
    how = "; ".join(t[0] for t in facts["applies"])
    said = row("review", title(review)) + row("applies", f"{how}; to {facts['tree'][0][0]}")
    for text in facts["note"]:
        said += row("note", text[0])
    said += row("checkpatch", checkpatch(review)) + listed("", [f"{where} {text}" for _, where, text in review.check], 4)
    if facts["words"]:
        said += row("changes", facts["words"][0][0])
    elif facts["broken"]:
        said += row("builds", "no" if facts["broken"][0][0] == "after" else "not without it") + listed("", [facts["broken"][0][1]])
    if facts["step"]:
        said += row("each alone", "; ".join(f"patch {n} does not build" for n, _ in facts["step"]))
        said += listed("", [text for _, text in facts["step"]])
    if review.tested:
        alone = f"; so does each of the {len(review.subjects)} patches" if facts["stepped"] and not facts["step"] else ""
        said += row("builds", f"yes{alone}; {some(len(review.warnings), 'new warning') if review.warnings else 'no new warning'} (W=1)")
        said += listed("", review.warnings, 4)
        now, was = (counted(review.sides.counts(side)) for side in ("after", "before"))
        said += row("tests", f"{now}; without it {was if was != now else 'the same'}")
        said += cases("fails", review.worse) + cases("mended", [(name, lines[:1]) for name, lines in review.mended], 5)
        both = review.sides.both()
        said += row("  on both", f"fail: {' '.join(both)}") if both else []
        said += listed("skipped", review.skipped, 3)
        said += row("lines", coverage(review))
        said += listed("unreached", [review.lines.show(line) for line in review.lines.unreached])
        said += listed("half", [f"{review.lines.marks(line)} {review.lines.show(line)}" for line in review.lines.half])
        said += listed("reach", reach(review))
        if review.mutants:
            said += row("mutants", mutants(review))
            said += listed("unnoticed", [f"{r[1]}:{r[2]}: {r[3]}: {r[4]}" for r in review.survived])
        for name, (sides, (summary, seconds)) in review.others.items():
            said += row(name, f"{summary}; {seconds}")
            said += cases("fails", sides.changed("before", "after"))
        for text in facts["focus"]:
            said += row("  focus", f"by schedules that switch at its lines: {text[0]}")
        said += listed("fails", [f"{trial}, seed {seed}: {why}" for trial, seed, why in review.explored])
        for name, before, after in review.figures[:6]:
            said += row("figure", f"{name}: {before} -> {after}")
    for text in review.undone:
        said += row("not done", text)
    for text in review.unknown:
        said += row("unknown", text)
    said += row("verdict", review.verdict())
    return said + [f"{'':12}{facts['took'][0][0]} s; text for a reply: {at}/reply; page: {at}/index.html"]


def quoted(lines):
    return [f"    {line}" for line in lines]


def reply(review):
    """In the manner of a mail to a list: what was done, what was seen, and where."""
    facts, said = review.facts, []

    def part(text, lines=()):
        said.extend(textwrap.wrap(text, 72, break_long_words=False, break_on_hyphens=False) + [""])
        if lines:
            said.extend(quoted(lines) + [""])

    release = facts["tree"][0][0].partition(", which is ")[2].partition(",")[0]
    part(f"I have run this on {release} with umring, in User Mode Linux: {review.verdict()}.")
    if facts["broken"]:
        part("It does not build here:" if facts["broken"][0][0] == "after" else "Without it, the tree does not build:",
             [facts["broken"][0][1]])
    for n, text in facts["step"]:
        part(f"Patch {n} does not build without those that follow, which breaks bisection:", [text])
    for where, worse in [("", review.worse)] + [(f", in flavour {name}", sides.changed("before", "after"))
                                                for name, (sides, _) in review.others.items()]:
        if worse:
            part(f"Tests that pass without it and fail with it{where}:", [
                line for name, text in worse[:8] for line in [": ".join([name] + text[:1])] + [f"    {t.strip()}" for t in text[1:4]]])
    if review.explored:
        part("Trials that fail with it by a schedule, of those that switch most at the lines that it changes, and do not without it:",
             [f"{trial}: {why}" for trial, _, why in review.explored[:8]])
    if review.mended:
        part("Tests that fail without it and pass with it:", [name for name, _ in review.mended[:12]])
    if review.warnings:
        part("New warnings, with W=1:", review.warnings)
    if review.lines.unreached:
        part("No test reaches these lines:", [review.lines.show(at) for at in review.lines.unreached[:20]])
    if review.lines.half:
        part("These conditions go one way only:", [review.lines.show(at) for at in review.lines.half[:20]])
    if review.survived:
        part("With one of these changed no test fails, so it may be right, but nothing shows it:",
             [f"{r[1]}:{r[2]}, {r[3]}(): {r[4]}" for r in review.survived[:20]])
    if review.check:
        part("checkpatch --strict says:", [f"{where} {text}" for _, where, text in review.check[:10]])
    for name, before, after in review.figures:
        part(f"{name}, before: {before}; after: {after}.")
    flavours = [f"{name} ({summary.partition(' (')[0]})" for name, (_, (summary, _)) in review.others.items()]
    if flavours:
        part(f"Also run in flavour {', '.join(flavours)}.")
    if review.undone:
        part("Not done: " + "; ".join(review.undone) + ".")
    return "\n".join(said)


def page(path, review):
    def blocks(found):
        return "".join(f"<p>{esc(name)}</p>" + (f"<pre>{esc(chr(10).join(lines))}</pre>" if lines else "") for name, lines in found)

    def items(name, lines):
        return f"<h2>{esc(name)}: {len(lines)}</h2><ul>" + "".join(f"<li><code>{esc(line)}</code></li>" for line in lines) + "</ul>" \
            if lines else ""

    css = {0: "good", 1: "bad", 2: "half"}[review.status]
    body = f"<h1>{esc(title(review))}</h1><p class=\"{css}\">{esc(review.verdict())}</p>"
    body += "<p>" + esc("; ".join(t[0] for t in review.facts["applies"])) + f" <small>{esc(review.facts['tree'][0][0])}</small></p>"
    body += "".join(f"<p class=\"half\">{esc(text)}</p>" for text in
                    [t[0] for t in review.facts["note"]] + [f"not done: {t}" for t in review.undone] + review.unknown)
    body += items("Patches", review.subjects) + items("checkpatch", [" ".join(r) for r in review.check])
    body += items("Does not build", [" ".join(t) for t in review.facts["broken"] + review.facts["step"]])
    body += items("New warnings", review.warnings)
    if review.worse:
        body += f"<h2>Fail with it, and not without</h2>{blocks(review.worse)}"
    for name, (sides, (summary, _)) in review.others.items():
        body += f"<h2>Flavour {esc(name)}</h2><p>{esc(summary)}</p>{blocks(sides.changed('before', 'after'))}"
    body += items("Fail by schedules that switch at its lines", [f"{trial}, seed {seed}: {why}" for trial, seed, why in review.explored])
    if review.mended:
        body += f"<h2>Fail without it, and not with it</h2>{blocks(review.mended)}"
    if review.tested:
        by = [[f"<code>{esc(review.lines.show(at))}</code>", esc(str(review.lines.count(at))), esc(review.lines.marks(at)),
               esc(", ".join(sorted(review.lines.by[at])) or "no test")] for at in review.lines.added]
        body += f"<h2>Lines that it adds</h2><p>{esc(coverage(review))}</p>" + \
            (table(["line", "#count", "outcomes", "reached by"], by) if by else "")
    if review.mutants:
        body += f"<h2>Changes to these lines</h2><p>{esc(mutants(review))}</p>" + table(
            ["change", "became", "why"], [[f"<code>{esc(f'{r[1]}:{r[2]}: {r[3]}: {r[4]}')}</code>", esc(r[0]), esc(r[5])]
                                          for r in review.mutants])
    if review.figures:
        body += "<h2>Figures</h2>" + table(["figure", "before", "after"], [[esc(c) for c in f] for f in review.figures])
    write(path, "umring: review", body)
