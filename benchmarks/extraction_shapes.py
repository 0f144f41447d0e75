r"""Formulas, code and tables as real sites write them, each in a page around it.

Here belong the shapes and what should be left of them. Not here: any engine. Benchmark and tests share them.
"""

from __future__ import annotations

import re

_PROSE = (
    "The measurement was repeated on three days, with the same instruments, and the differences stayed within the "
    "error that the manufacturer states for them.",
    "What follows from it is best seen in the next lines, which the reader may want to check, because the argument of "
    "the whole section depends on them.",
    "Nobody had expected the result, and yet, as the second author pointed out in the discussion, it could have been "
    "derived from what was known before.",
)


def page_with(shape: str) -> str:
    """A page of a site, in whose article `shape` stands between paragraphs."""
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>On a result | Example site</title>
<script>var a = "<p>no</p>";</script></head><body class="single">
<header class="site-header"><a href="/">Example site</a><nav class="main-menu"><ul><li><a href="/">Home</a></li>
<li><a href="/all">All articles</a></li><li><a href="/about">About us</a></li></ul></nav></header>
<main id="content"><article class="post"><h1 class="entry-title">On a result</h1>
<div class="entry-content"><p>{_PROSE[0]}</p><p>{_PROSE[1]}</p>
{shape}
<p>{_PROSE[2]}</p><p>{_PROSE[0]}</p></div></article></main>
<aside class="sidebar"><h3>Recent posts</h3><ul><li><a href="/1">One</a></li><li><a href="/2">Two</a></li></ul></aside>
<footer><p>Copyright 2024 Example site. <a href="/imprint">Imprint</a></p></footer></body></html>"""


def keeps(text: str, wanted: str) -> bool:
    """Whether `wanted` is in `text`, however cells of tables are parted: by bars, with or without outer ones and
    Markdown's line below the head, or by two tabs."""
    return wanted in text or _with_bars(wanted) in _with_bars(text)


def _with_bars(text: str) -> str:
    lines = (line.removeprefix("|").removesuffix("|") for line in text.split("\n") if not _RULE.fullmatch(line))
    return "\n".join(" | ".join(cell.strip() for cell in _CELL.split(line)) if _CELL.search(line) else line
                     for line in lines)


_RULE, _CELL = re.compile(r"[|\s:-]*---[|\s:-]*"), re.compile(r"\||\t\t")

_MATHML = "<mrow><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow>"
_ANNOTATED = (
    f'<semantics>{_MATHML}<annotation encoding="application/x-tex">{{\\displaystyle E=mc^{{2}}}}</annotation>'
    "</semantics>"
)

SHAPES = {
    "formula, Wikipedia": (
        '<p>It is <span class="mwe-math-element"><span class="mwe-math-mathml-inline mwe-math-mathml-a11y" '
        f'style="display: none;"><math alttext="E=mc^2">{_ANNOTATED}</math></span><img alt="E=mc^{{2}}" '
        'class="mwe-math-fallback-image-inline" src="a.svg"></span>, where c is the speed of light, as is known.</p>',
        r"It is \(E=mc^{2}\), where",
    ),
    "formula, MathML alone": (
        f'<p>It is <math display="block">{_MATHML}</math> where c is the speed of light, as everybody knows.</p>',
        r"It is \[E=mc^{2}\] where",
    ),
    "formula, KaTeX": (
        f'<p>It is <span class="katex"><span class="katex-mathml"><math>{_ANNOTATED}</math></span><span '
        'class="katex-html" aria-hidden="true"><span class="base">E=mc2</span></span></span>, as everybody knows.</p>',
        r"It is \(E=mc^{2}\), as",
    ),
    "formula, MathJax script": (
        '<p>It is <span class="MathJax_Preview">[E]</span><script type="math/tex">E=mc^{2}</script>, as everybody '
        "knows.</p>",
        r"It is \(E=mc^{2}\), as",
    ),
    "formula, display MathJax script": (
        '<div class="equation"><script type="math/tex; mode=display">E=mc^{2}</script></div>',
        r"\[E=mc^{2}\]",
    ),
    "formula, delimiters in text": (
        r"<p>It is \(E=mc^{2}\), as everybody knows, and $$E^2 = p^2c^2 + m^2c^4$$ as fewer people do.</p>",
        r"It is \(E=mc^{2}\), as everybody knows, and $$E^2 = p^2c^2 + m^2c^4$$ as",
    ),
    "formula, WordPress image": (
        '<p>It is <img src="https://s0.wp.com/latex.php?latex=E%3Dmc%5E%7B2%7D" alt="E=mc^{2}" class="latex">, as '
        "everybody knows, and has been since.</p>",
        r"It is \(E=mc^{2}\), as",
    ),
    "code, <pre><code>": (
        '<pre><code class="language-python">def f(x):\n    if x &lt; 1:\n        return 1\n\n    return x\n</code>'
        "</pre>",
        "def f(x):\n    if x < 1:\n        return 1\n\n    return x",
    ),
    "code, highlighted with spans": (
        '<div class="highlight"><pre><span></span><span class="k">def</span> <span class="nf">f</span>(x):\n'
        '    <span class="k">return</span> x\n</pre></div>',
        "def f(x):\n    return x",
    ),
    "code, line numbers in a table": (
        '<div class="highlight"><table class="highlighttable"><tr><td class="linenos"><div class="linenodiv"><pre>1\n2'
        '</pre></div></td><td class="code"><div><pre>def f(x):\n    return x\n</pre></div></td></tr></table></div>',
        "def f(x):\n    return x",
    ),
    "code, lines as elements": (
        '<pre class="prettyprint"><code><div class="line">def f(x):</div><div class="line">    return x</div></code>'
        "</pre>",
        "def f(x):\n    return x",
    ),
    "code, Prism with line numbers": (
        '<pre class="line-numbers language-js"><code>f(<span class="token number">1</span>);\n  g();'
        '<span aria-hidden="true" class="line-numbers-rows"><span></span><span></span></span></code></pre>',
        "f(1);\n  g();",
    ),
    "code, Chroma with line numbers": (
        '<div class="chroma"><table class="lntable"><tr><td class="lntd"><pre><code><span class="lnt">1\n'
        '</span><span class="lnt">2\n</span></code></pre></td><td class="lntd"><pre class="chroma"><code '
        'class="language-go"><span class="line"><span class="cl">a := 1\n</span></span><span class="line"><span '
        'class="cl">b := 2\n</span></span></code></pre></td></tr></table></div>',
        "a := 1\nb := 2",
    ),
    "code, <code> with breaks": (
        "<p><code>def f(x):<br>\n&nbsp;&nbsp;&nbsp;&nbsp;return x<br />\n</code></p>",
        "def f(x):\n    return x",
    ),
    "code, <code> with lines": (
        '<div class="highlight"><code class="language-python">def f(x):\n    return x</code></div>',
        "def f(x):\n    return x",
    ),
    "code, copied from an editor": (
        "<div style=\"background-color: #1e1e1e; font-family: Consolas, 'Courier New', monospace; white-space: pre;\">"
        "<div><span>def</span><span> f(x):</span></div><div><span>    return x</span></div></div>",
        "def f(x):\n    return x",
    ),
    "code, GitHub's table": (
        '<table class="highlight js-file-line-container">\n  <tr>\n    <td class="blob-num" data-line-number="1"></td>'
        '\n    <td class="blob-code js-file-line"><span class="pl-k">def</span> f(x):</td>\n  </tr>\n  <tr>\n    <td '
        'class="blob-num" data-line-number="2"></td>\n    <td class="blob-code js-file-line">    return x</td>\n  </tr>'
        "\n</table>",
        "def f(x):\n    return x",
    ),
    "code, Crayon": (
        '<div class="crayon-syntax"><table class="crayon-table"><tr><td class="crayon-nums"><div class="crayon-num">1'
        '</div><div class="crayon-num">2</div></td><td class="crayon-code"><div class="crayon-pre"><div '
        'class="crayon-line">def f(x):</div><div class="crayon-line">    return x</div></div></td></tr></table></div>',
        "```\ndef f(x):\n    return x\n```",
    ),
    "code, Doxygen": (
        '<div class="fragment"><div class="line"><a name="l00001"></a><span class="lineno">    1</span>&#160;<span '
        'class="keywordtype">int</span> f() {</div>\n<div class="line"><a name="l00002"></a><span class="lineno">    2'
        '</span>&#160;  return 1;</div>\n<div class="line"><span class="lineno">    3</span>&#160;}</div>\n'
        "</div><!-- fragment -->",
        "```\n int f() {\n   return 1;\n }\n```",
    ),
    "code within a line": (
        "<p>Call <code>f(x)</code> as often as you like, because it has no effect on anything else.</p>",
        "Call f(x) as",
    ),
    "table": (
        "<table><thead><tr><th>Day</th><th>Height in metres</th></tr></thead><tbody><tr><td>Monday</td><td>12.5</td>"
        "</tr><tr><td>Tuesday</td><td>13.75</td></tr></tbody></table>",
        "Day | Height in metres\nMonday | 12.5\nTuesday | 13.75",
    ),
    "table with an empty cell": (
        "<table><tr><th>Day</th><th>Low</th><th>High</th></tr><tr><td>Monday</td><td></td><td>12.5</td></tr></table>",
        "Day | Low | High\nMonday | | 12.5",
    ),
    "table with cells that span others": (
        '<table><tr><th rowspan="2">City</th><th colspan="2">Degrees</th><th rowspan="2">Sky</th></tr><tr><th>Low</th>'
        "<th>High</th></tr><tr><td rowspan=2>Bern</td><td>1</td><td>2</td><td>blue</td></tr><tr><td>3</td><td>4</td>"
        "<td>grey</td></tr></table>",
        "City | Degrees | | Sky\n| Low | High\nBern | 1 | 2 | blue\n| 3 | 4 | grey",
    ),
    "columns of a layout": (
        '<div class="row no-gutters"><div class="col-8"><p>What stands in a grid of columns without space between '
        "them is a part of the article as well.</p></div></div>",
        "What stands in a grid of columns",
    ),
    "headings that unfold": (
        '<div class="accordion"><h3><button aria-expanded="false">How often was it measured?</button></h3><div><p>On '
        "three days, in the morning and in the evening, by two persons each.</p></div></div>",
        "How often was it measured?\n\nOn three days",
    ),
    "list that goes on": (
        '<ol start="4"><li>the instruments were new,</li><li>the weather was bad,</li><li value="9">and nobody came.'
        "</li></ol>",
        "4. the instruments were new,\n5. the weather was bad,\n9. and nobody came.",
    ),
    "nested list": (
        "<p>There are two reasons for it, of which the first one counts:</p><ul><li>the instruments were new,<ul><li>"
        "and not calibrated,</li></ul></li><li>the weather was bad on all of the days.</li></ul>",
        "- the instruments were new,\n  - and not calibrated,\n- the weather was bad on all of the days.",
    ),
}
"""By name: markup, and the text that should be left of it."""
