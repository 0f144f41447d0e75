"""The audit of a mixture as one page of HTML that a lawyer can read, keep and print.

One file: no script, nothing loaded from anywhere, which the page itself forbids; charts are inline SVG. It follows the
reader's choice of light or dark, and prints in light. Everything that comes from data is escaped. Long lists are cut,
and say so: the JSON report has all of them. Here belongs the looks. Not here: what is said (`audit`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from data_platform.licenses.lineage import evidence_of
from data_platform.proof.audit import TIERS, named_rows

LISTED = 15
"""Entries of a list that are shown."""
NAMED = 40
"""Rows that are named per finding."""

BASES = {
    "manual": "a ruling by a person, with author and reason", "spdx_header": "an SPDX tag in the file",
    "link": "a link element of the page that names its licence", "meta": "a meta element of the page",
    "jsonld": "structured data of the page (JSON-LD)", "microdata": "structured data of the page (microdata)",
    "rdfa": "structured data of the page (RDFa)", "header": "an HTTP header", "anchor": "a link to the licence",
    "badge": "a licence badge", "statement": "a sentence of the page", "robots": "robots.txt or a robots directive",
    "tdmrep": "a TDM reservation (TDMRep)", "ai_txt": "ai.txt", "rsl": "RSL terms of the site",
    "row": "the licence field of the record", "distribution": "metadata of the package it is part of",
    "package": "a package manifest above the file", "license_file": "a LICENSE file",
    "classifier": "a package classifier", "registry": "the source registry: what the recipe says of the whole source",
    "parents": "the licences of all documents that the text was made of", "none": "nothing was stated",
}
"""What the places of evidence are, in words."""

_CSS = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6675; --line: #d9dee6; --paper: #ffffff; --card: #f5f7fa;
  --good: #1e7d4f; --bad: #b3261e; --t0: #2f9e6e; --t1: #3b7dd8; --t2: #8a63d2; --t3: #c9892b; --t4: #8b93a1;
  --t5: #c43d3d; --bar: #3b7dd8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #a3acb9; --line: #3a424e; --paper: #14181e;
  --card: #1d232b; --good: #5fcf98; --bad: #ff8a80; --t0: #4cc38f; --t1: #6ba3f0; --t2: #b093ee; --t3: #e0ac5a;
  --t4: #9aa3b1; --t5: #ec7a7a; --bar: #6ba3f0; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --card: #fff;
  --good: #1e7d4f; --bad: #b3261e; --t0: #2f9e6e; --t1: #3b7dd8; --t2: #8a63d2; --t3: #c9892b; --t4: #8b93a1;
  --t5: #c43d3d; --bar: #3b7dd8; }
  body { font-size: 10pt; } tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; }
  main { max-width: none; padding: 0; } rect, i { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.4rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .4rem 0; max-width: 48rem; } .soft, caption, th { color: var(--soft); } .num { text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
code, .id { font: .86em ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.verdict { border-left: .4rem solid var(--good); background: var(--card); padding: .7rem 1rem; margin: 1.2rem 0; }
.verdict.bad { border-color: var(--bad); } .verdict strong { color: var(--good); }
.verdict.bad strong { color: var(--bad); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: .6rem; margin: 1rem 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .8rem; }
.figures b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.figures span { color: var(--soft); font-size: .86rem; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 .8rem; font-size: .93rem; }
th { text-align: left; font-weight: 600; font-size: .82rem; } th.num { text-align: right; }
th, td { padding: .28rem .6rem .28rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.wide { overflow-wrap: anywhere; } td.chart { padding-top: .55rem; } td.example { white-space: nowrap;
  font-size: .8em; }
table.bars { table-layout: fixed; } table.bars th:nth-child(1) { width: 46%; }
table.bars th:nth-child(2) { width: 11%; } table.bars th:nth-child(3) { width: 13%; }
table.bars th:nth-child(4) { width: 8%; }
@media (max-width: 40rem) { .figures { grid-template-columns: repeat(2, 1fr); } td.example { white-space: normal; } }
svg { display: block; width: 100%; } svg.bar { height: .75rem; } svg.stack { height: 2rem; border-radius: 4px; }
ul { margin: .3rem 0; padding-left: 1.2rem; } td ul { margin: 0; padding-left: .9rem; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem;
  font-size: .88rem; margin: .4rem 0 0; } .legend i { display: inline-block; width: .75rem; height: .75rem;
  border-radius: 2px; margin-right: .4rem; vertical-align: -.08rem; }
""" + "".join(f".t{tier} {{ fill: var(--t{tier}); background: var(--t{tier}); }}\n" for tier in range(6)) + (
    ".plain { fill: var(--bar); }\n"
)


def audit_page(report: Mapping[str, Any]) -> str:
    """The page of an audit, as `audit.audit` gives it."""
    mixture = report["mixture"]
    title = f"Audit of mixture {mixture['name']}, version {mixture['version']}"
    body = "\n".join([
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">Written {_when(mixture["committed_at"])}, audited {_when(report["audited_at"])}. Delta table '
        f'<code>{escape(mixture["table"])}</code>, id <code>{escape(mixture["table_id"])}</code>.</p>',
        _verdict(report), _today(report), _figures(report), _content(report), _evidence(report), _contested(report),
        _opted_out(report), _derived(report), _sources(report), _models(report), _making(report), _checking(report),
        _reading(),
    ])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n"
        "</html>\n"
    )


# -- parts ------------------------------------------------------------------------------------------------------------


def _verdict(report: Mapping[str, Any]) -> str:
    chain = report["chain"]
    if report["proven"]:
        tiers = _tiers_in_words(report["admitted_tiers"])
        return (
            f'<div class="verdict"><strong>Proven.</strong> Each of the {chain["rows"]:,} documents leads, through '
            f'every table on the way, back to its captured record and to the evidence of its licence; each licence is '
            f'what that evidence amounts to; none is above the tiers that the mixture admits ({tiers}); and every '
            f'table on the way holds what the platform committed and nothing else.</div>'
        )
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in report["reasons"][:NAMED])
    more = len(report["reasons"]) - NAMED
    reasons += f"<li>and {more:,} more</li>" if more > 0 else ""
    return (
        f'<div class="verdict bad"><strong>Not proven.</strong> Of {chain["rows"]:,} documents {chain["complete"]:,} '
        f'have an unbroken chain and a licence that is proven and admitted. What stands against the others:'
        f"<ul>{reasons}</ul></div>{_named(report)}"
    )


def _named(report: Mapping[str, Any]) -> str:
    """The rows of every finding, by id."""
    parts = []
    for reasons, doc_ids in named_rows(report["chain"]["findings"]):
        ids = ", ".join(f'<span class="id">{escape(str(doc_id))}</span>' for doc_id in doc_ids[:NAMED])
        more = len(doc_ids) - NAMED
        listed = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
        parts.append(
            f"<h3>{len(doc_ids):,} {'document' if len(doc_ids) == 1 else 'documents'}</h3><ul>{listed}</ul>"
            f"<p>{ids}{f' and {more:,} more, in the JSON report' if more > 0 else ''}</p>"
        )
    return f"<section><h2>Documents that are not proven</h2>{''.join(parts)}</section>" if parts else ""


def _today(report: Mapping[str, Any]) -> str:
    """What the audit was held to, if it was held to a recipe, and what differs from what that makes today."""
    if (today := report.get("today")) is None:
        return ""
    recipe = f"recipe <code>{escape(today['recipe'])}</code>"
    asked = (f"Asked of {recipe} as it was on the day of this audit." if today["as_of"] is None else
             f"Asked as of version {today['as_of']}: held to what it was made with, not to {recipe} of the day of this "
             f"audit.")
    differs = "".join(f"<li>{escape(one['what'])}</li>" for one in today["differences"][:NAMED])
    more = len(today["differences"]) - NAMED
    differs += f"<li>and {more:,} more</li>" if more > 0 else ""
    stale = f" It differs from what that makes today, and is refused to exports:<ul>{differs}</ul>" if differs else (
        " It is what that makes.")
    return f"<section><p>{asked}{stale}</p></section>"


def _figures(report: Mapping[str, Any]) -> str:
    mixture, by = report["mixture"], report["tokens_by"]
    figures = [
        (f"{mixture['rows']:,}", "documents"), (f"{mixture['tokens']:,}", "tokens"),
        (f"{len(by.get('license', ())):,}", "licence expressions"), (f"{len(by.get('source', ())):,}", "sources"),
        (f"{len([item for item in by.get('host', ()) if item['value']]):,}", "web hosts"),
        (f"{report['chain']['evidence_rows']:,}", "pieces of evidence"),
        (f"{report['contested']['documents']:,}", "contested documents"),
        (f"{report['opt_outs']['in_mixture']:,}", "opted-out documents in it"),
    ]
    cells = "".join(f"<div><b>{number}</b><span>{what}</span></div>" for number, what in figures)
    return f'<div class="figures">{cells}</div>'


def _content(report: Mapping[str, Any]) -> str:
    by, total = report["tokens_by"], report["mixture"]["tokens"]
    parts = [f"<section><h2>What is in it</h2>{_stack(by.get('tier', ()), total)}</section>"]
    for what, heading, note in (
        ("license", "Licences", "SPDX expressions. AND: all of them hold. OR: any of them may be chosen."),
        ("source", "Sources", ""), ("host", "Web hosts", "Files have none."), ("domain", "Domains", ""),
    ):
        if what in by:
            parts.append(
                f"<section><h3>{heading}</h3>{f'<p class=soft>{note}</p>' if note else ''}"
                f"{_bars(by[what], total, heading[:-1])}</section>"
            )
    return "\n".join(parts)


def _evidence(report: Mapping[str, Any]) -> str:
    by, total = report["tokens_by"], report["mixture"]["tokens"]
    if "basis" not in by:
        return ""
    named = [
        {**item, "value": f"{item['value']}: {BASES.get(str(item['value']), 'as its name says')}"}
        for item in by["basis"]
    ]
    return (
        "<section><h2>On which evidence</h2><p>All evidence about a document is recorded first. What stands closest to "
        "the text decides: a ruling, then the file, the page, the record, the site, the package, the source.</p>"
        f"{_bars(named, total, 'What decided')}</section>"
    )


def _contested(report: Mapping[str, Any]) -> str:
    found, contested = report["contradictions"], report["contested"]
    listed = ", ".join(f"{_license(item['license'])} {item['documents']:,}" for item in contested["copies"][:LISTED])
    head = (
        f"<section><h2>What is contested</h2><p>Of {contested['documents']:,} documents with {contested['tokens']:,} "
        "tokens a copy, or farther evidence, states a stricter licence than they claim; they are in the mixture by "
        f"{'the strictest' if contested['admitted_by'] == 'strictest' else 'what they claim'}. "
        f"{contested['rejected']:,} more were rejected for that. Copies that deduplication dropped, by licence: "
        f"{listed or 'none'}.</p>"
    )
    if not found["documents"]:
        return f"{head}<p>Of no document does the evidence name licences that do not agree.</p></section>"
    rows = [
        (f"<td class=wide>{_license(group['license'])}</td>",
         f"<td class=wide><ul>{''.join(f'<li>{_license(spdx)}</li>' for spdx in group['stated'])}</ul></td>",
         f"<td class=wide>{escape(', '.join(group['where']))}</td>", _number(group["documents"]),
         _number(group["tokens"]), f'<td class="example id">{escape(str(group["doc_ids"][0]))}</td>')
        for group in found["groups"][:LISTED]
    ]
    return (
        f"{head}<p>Of {found['documents']:,} documents with {found['tokens']:,} tokens the evidence names licences "
        "that do not agree. The closest statement decides, where several are equally close all of them hold, and what "
        "cannot be read is never taken for free.</p>"
        + _table(("Decided", "Stated", "Where", "#Documents", "#Tokens", "For example"), rows)
        + _more(len(found["groups"]), "combination") + "</section>"
    )


def _opted_out(report: Mapping[str, Any]) -> str:
    found = report["opt_outs"]
    head = "<section><h2>Who opted out</h2>"
    if not found["documents_met"]:
        return f"{head}<p>No document that was read on the way is reserved against text and data mining.</p></section>"
    text = (
        f"{head}<p>Documents read on the way that are reserved against text and data mining: "
        f"{found['documents_met']:,}. In this mixture: {found['in_mixture']:,}. Parents of its texts: "
        f"{found['parents']:,}.</p>"
    )
    places = [
        (f"<td class=wide>{escape(item['location'])}: {escape(BASES.get(item['location'], ''))}</td>",
         _number(item["documents"])) for item in found["by_location"][:LISTED]
    ]
    hosts = [
        (f"<td class=wide>{escape(item['host']) or '(no host: files)'}</td>", _number(item["documents"]))
        for item in found["by_host"][:LISTED]
    ]
    return (
        text + _table(("Where the reservation was seen", "#Documents"), places)
        + _table(("Host", "#Documents"), hosts) + _more(len(found["by_host"]), "host") + "</section>"
    )


def _derived(report: Mapping[str, Any]) -> str:
    found = report["derived"]
    if not found["documents"]:
        return ""
    rows = [
        (f"<td class=wide>{escape(maker['table'])}</td>",
         f"<td class=wide><code>{escape(maker['method'])}</code> {maker['version']}</td>",
         f"<td class=wide><code>{escape(maker['models']) or 'none'}</code></td>",
         f"<td class=wide>{escape(maker['prompt'])}</td>", _number(maker["documents"]), _number(maker["tokens"]))
        for maker in found["makers"]
    ]
    return (
        f"<section><h2>What was made of other texts</h2><p>{found['documents']:,} texts with {found['tokens']:,} "
        f"tokens were made of {found['parents']:,} documents. Each is under the licences of all its parents, and each "
        "parent was followed back as the other documents were.</p>"
        + _table(("Table", "Method", "Models", "Prompt", "#Documents", "#Tokens"), rows) + "</section>"
    )


def _sources(report: Mapping[str, Any]) -> str:
    """Known sources, with every dataset that they are made from and who says what of it."""
    if not report["sources"]:
        return ""
    rows = [
        (f"<td class=wide>{escape(source['source']) if not link['depth'] else ''}</td>",
         f"<td class=wide>{'&ensp;' * link['depth']}{escape(link['name'])}</td>",
         f"<td class=wide>{escape(link['license_spdx'])}</td>", f"<td class=wide>{escape(evidence_of(link))}</td>")
        for source in report["sources"] for link in source["chain"]
    ]
    flags = "".join(f"<li>{escape(flag)}</li>" for source in report["sources"] for flag in source["flags"])
    return (
        "<section><h2>What known sources are made from</h2><p>Every document of a source was held to the licences of "
        "all datasets that the source is made from.</p>" + _table(("Source", "Dataset", "Licence", "Evidence"), rows)
        + (f"<p>Hosts that state no licence, or a freer one than was traced:</p><ul>{flags}</ul>" if flags else "")
        + "</section>"
    )


def _models(report: Mapping[str, Any]) -> str:
    rows = [
        (f"<td class=wide>{escape(model['role'])}</td>", f"<td class=wide><code>{escape(model['model'])}</code></td>",
         _number(model["rows"]), f"<td class=wide>{_license(model['license'])}</td>",
         f"<td class=wide>{escape(', '.join(model['missing'])) or 'nothing'}</td>")
        for model in report["models"]
    ]
    return (
        "<section><h2>Models that touched it</h2><p>What a model card should say (Mitchell et al. 2019, "
        "arXiv:1810.03993), and neither the tables nor a card in the model's folder do, is missing.</p>"
        + _table(("What for", "Model", "#Documents", "Its licence", "Missing in its card"), rows) + "</section>"
    )


def _making(report: Mapping[str, Any]) -> str:
    mixture, custody = report["mixture"], report["custody"]
    settings = "".join(
        f"<tr><td>{escape(str(key))}</td><td class=wide><code>{escape(str(value))}</code></td></tr>"
        for key, value in sorted(mixture["config"].items())
    )
    rows = [
        (f"<td class=wide>{escape(stop['table'])}</td><td>{escape(stop['partition'])}</td>",
         _number(stop["version"]), _number(stop["rows"]),
         *(f'<td><span class="id">{escape(digest)}</span></td>' for digest in (
             stop["recipe"][:12], stop["code_version"], _commit(stop["git_commit"]), str(stop["run_id"])[:8])),
         f"<td>{_when(stop['committed_at'])}</td>")
        for stop in report["versions"]
    ]
    foreign = "".join(
        f"<li>{escape(item['table'])} version {item['version']} ({escape(item['operation'])}, "
        f"{_when(item['committed_at'])})</li>" for item in custody["foreign_commits"][:NAMED]
    )
    return (
        "<section><h2>Which code and settings made it</h2>"
        f"<table><thead><tr><th>Setting of the mixture</th><th>Value</th></tr></thead><tbody>{settings}</tbody></table>"
        "</section><section><h3>Tables on the way, nearest first</h3><p class=soft>The recipe is a digest of code, "
        "settings and inputs; the same recipe gives the same rows. The JSON report has digests and settings whole.</p>"
        + _table(("Table", "Snapshot", "#Version", "#Rows", "Recipe", "Code", "Commit", "Run", "Written"), rows)
        + "<h3>Changes by other programs</h3>"
        + (f"<p>These commits are not the platform's. Those that still count are told above as not proven.</p>"
           f"<ul>{foreign}</ul>{_more(len(custody['foreign_commits']), 'commit', NAMED)}" if foreign else
           "<p>No commit to any of these tables was made by another program.</p>")
        + "<h3>Custody</h3>" + _held(report) + "</section>"
    )


def _held(report: Mapping[str, Any]) -> str:
    """What was read of files and records, what to do about what is wrong, and the head of the chain of commits."""
    custody, records = report["custody"], report["records"]
    files, elsewhere = custody["files"], custody["kept_elsewhere"]
    lines = [
        f"{files['read']:,} of {files['total']:,} files were read and compared byte for byte, {files['undigested']:,} "
        f"of them by code that said no digests; {records['read']:,} of {records['total']:,} records were made anew, "
        f"with the evidence of {records['evidence']:,}.",
        *(f"What to do: {way_out}." for way_out in custody["ways_out"].values()),
        *(f"Beside the way: {what}." for what in custody["elsewhere"][:NAMED]),
        *([f"The head that was kept elsewhere stands for the beginning of this history: "
           f"{'yes' if elsewhere['beginning'] else 'no'}."] if elsewhere else []),
    ]
    head = f'<p>Head of the lake: <span class="id">{escape(custody["head"])}</span></p>'
    return "".join(f"<p>{escape(line)}</p>" for line in lines) + head


def _checking(report: Mapping[str, Any]) -> str:
    mixture = report["mixture"]
    name, version = mixture["name"], mixture["version"]
    example = mixture["examples"][0] if mixture["examples"] else "DOC_ID"
    return (
        "<section><h2>How to check a document</h2><p>Every document can be asked for by its id: which record of which "
        "archive it was, what each rule said of it, every piece of evidence with place and wording, the copies that "
        "were dropped in its favour, and the run and code of each step.</p>"
        f"<pre>data-platform trace {escape(name)} {escape(str(example))} --version {version}</pre>"
        "<p>This audit is made again, from the tables and not from this page, by:</p>"
        f"<pre>data-platform audit {escape(name)} --version {version} --json</pre></section>"
    )


def _reading() -> str:
    rows = [(_number(number), f"<td>{escape(text)}</td>") for number, text in enumerate(TIERS)]
    return (
        "<section><h2>How to read this</h2>" + _table(("#Tier", "What it holds"), rows)
        + "<p>Of a conjunction (AND) the most restrictive tier counts, of a choice (OR) the least. Without evidence a "
        "document is unknown, never free. The audit proves that the mixture is what the recorded evidence supports; "
        "whether a statement on a page was made by someone entitled to make it, it cannot know.</p></section>"
    )


# -- elements ---------------------------------------------------------------------------------------------------------


def _stack(items: Sequence[Mapping[str, Any]], total: int) -> str:
    """One bar for all tokens, cut by tier."""
    ordered = sorted(items, key=lambda item: str(item["value"]))
    at, rects, legend = 0.0, [], []
    for item in ordered:
        width = 100 * item["tokens"] / (total or 1)
        shade = _shade(item["value"])
        rects.append(f'<rect class="{shade}" x="{at:.3f}" y="0" width="{width:.3f}" height="10"/>')
        legend.append(
            f'<span><i class="{shade}"></i>Tier {escape(str(item["value"]))}, {escape(item["meaning"])}: '
            f'{item["documents"]:,} documents, {item["tokens"]:,} tokens, {width:.1f}%</span>'
        )
        at += width
    return (
        '<figure style="margin:0"><svg class="stack" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="Tokens by licence tier">{"".join(rects)}</svg>'
        f'<figcaption class="legend">{"".join(legend)}</figcaption></figure>'
    )


def _bars(items: Sequence[Mapping[str, Any]], total: int, heading: str) -> str:
    longest = max((item["tokens"] for item in items), default=0) or 1
    rows = []
    for item in items[:LISTED]:
        label = str(item["value"]) if item["value"] not in (None, "") else "(none)"
        shade = _shade(item["tier"]) if "tier" in item else "plain"
        width = 100 * item["tokens"] / longest
        rows.append((
            f"<td class=wide>{_license(label) if 'tier' in item else escape(label)}</td>", _number(item["documents"]),
            _number(item["tokens"]), f"<td class=num>{100 * item['tokens'] / (total or 1):.1f}%</td>",
            '<td class=chart><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect class="{shade}" width="{width:.2f}" height="10" rx="1"/></svg></td>',
        ))
    rest = items[LISTED:]
    if rest:
        tokens = sum(item["tokens"] for item in rest)
        rows.append((
            f"<td class=soft>and {len(rest):,} more</td>", _number(sum(item["documents"] for item in rest)),
            _number(tokens), f"<td class=num>{100 * tokens / (total or 1):.1f}%</td>", "<td></td>",
        ))
    return _table((heading, "#Documents", "#Tokens", "#Share", ""), rows, "bars")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "plain") -> str:
    """A table; a head that begins with '#' stands over numbers."""
    cells = "".join(
        f'<th class="num">{escape(head[1:])}</th>' if head.startswith("#") else f"<th>{escape(head)}</th>"
        for head in heads
    )
    lines = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<table class="{kind}"><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>'


def _number(value: int) -> str:
    return f'<td class="num">{value:,}</td>'


def _license(spdx: object) -> str:
    """An expression, to be broken between its parts only."""
    return escape(str(spdx)).replace(" AND ", " AND&nbsp;").replace(" OR ", " OR&nbsp;")


def _more(count: int, noun: str, shown: int = LISTED) -> str:
    more = count - shown
    if more <= 0:
        return ""
    return f'<p class="soft">and {more:,} more {noun}{"" if more == 1 else "s"}, in the JSON report</p>'


def _shade(tier: object) -> str:
    return f"t{tier}" if tier in range(len(TIERS)) else "t5"


def _commit(commit: str) -> str:
    return commit[:10] + ("+" if commit.endswith("+") else "")


def _when(moment: str) -> str:
    return f"{escape(str(moment)[:16]).replace('T', ' ')}&nbsp;UTC"


def _tiers_in_words(tiers: Sequence[int] | None) -> str:
    if tiers is None:
        return "it admits all"
    return "; ".join(f"{tier} {TIERS[tier]}" for tier in tiers if tier in range(len(TIERS)))
