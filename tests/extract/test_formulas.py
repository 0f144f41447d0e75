r"""Formulas as real pages carry them, through the scan: what comes out, and that it comes out once."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_platform.extract.formulas import mathml_to_tex, write_formulas
from data_platform.extract.scan import scan

WIKIPEDIA = (
    '<span class="mwe-math-element"><span class="mwe-math-mathml-inline mwe-math-mathml-a11y" style="display: none;">'
    '<math xmlns="http://www.w3.org/1998/Math/MathML" alttext="{\\displaystyle E=mc^{2}}"><semantics><mrow><mi>E</mi>'
    '<mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow><annotation encoding="application/x-tex">'
    '{\\displaystyle E=mc^{2}}</annotation></semantics></math></span><img alt="E=mc^{2}" aria-hidden="true" '
    'class="mwe-math-fallback-image-inline" src="https://wikimedia.org/api/rest_v1/media/math/render/svg/9f"/></span>'
)
KATEX = (
    '<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow>'
    '<annotation encoding="application/x-tex">a &lt; b</annotation></semantics></math></span>'
    '<span class="katex-html" aria-hidden="true"><span class="base">a&lt;b</span></span></span>'
)
MATHJAX2 = (
    '<span class="MathJax_Preview">[x]</span><span class="MathJax" id="MathJax-Element-1-Frame"><nobr>x2</nobr></span>'
    '<script type="math/tex" id="MathJax-Element-1">x^2 \\le y</script>'
)
MATHJAX3 = (
    '<mjx-container class="MathJax" jax="CHTML"><mjx-math aria-hidden="true"><mjx-mi>x</mjx-mi></mjx-math>'
    "<mjx-assistive-mml><math><msub><mi>x</mi><mn>1</mn></msub></math></mjx-assistive-mml></mjx-container>"
)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (WIKIPEDIA, r"\(E=mc^{2}\)"),
        ('<img class="mwe-math-fallback-image-display" alt="{\\displaystyle x}" src="a.svg">', r"\[x\]"),
        ('<img class="tex" alt="\\sqrt{2}" src="/math/1.png" />', r"\(\sqrt{2}\)"),
        ('<img class="math" src="_images/5121.png" alt="a^2"/>', r"\(a^2\)"),
        ('<img class="formulaInl" alt="$ a_1 $" src="form_1.png" width="11" height="9"/>', r"\(a_1\)"),
        ('<img class="formulaDsp" alt="\\[ b \\]" src="form_2.png"/>', r"\[b\]"),
        (KATEX, r"\(a < b\)"),
        (MATHJAX2, r"\(x^2 \le y\)"),
        (MATHJAX3, r"\(x_{1}\)"),
        ('<script type="math/tex; mode=display">% <![CDATA[\n\\sum_i x_i %]]></script>', r"\[\sum_i x_i\]"),
        ("<script type='math/mml'><math><mi>x</mi></math></script>", r"\(x\)"),
        ('<script type="math/asciimath">sum x</script>', "`sum x`"),
        ('<img src="https://s0.wp.com/latex.php?latex=e%5E%7B%5Cpi%7D" alt="e^{&#92;pi}" class="latex" />',
         r"\(e^{\pi}\)"),
        ('<img src="https://x.org/ql-cache/quicklatex.com-1.png" class="ql-img-displayed-equation" alt="\\[a+b\\]">',
         r"\[a+b\]"),
        ('<img src="https://latex.codecogs.com/gif.latex?\\frac{a}{b}" title="x">', r"\(\frac{a}{b}\)"),
        ('<img src="https://latex.codecogs.com/gif.latex?\\dpi{120}&space;\\alpha+b&space;=&space;c%2Bd">',
         r"\(\alpha+b = c+d\)"),
        ('<img src="https://chart.googleapis.com/chart?cht=tx&chl=a+%2B+b">', r"\(a + b\)"),
        ('<math alttext="\\alpha" display="block"><mi>&alpha;</mi></math>', r"\[\alpha\]"),
        ("<math display='block'><mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac></math>",
         r"\[\frac{a}{b+1}\]"),
        ("<math></math>", ""),
        (r"\(a_1\) and $$b$$ and \[c\]", r"\(a_1\) and $$b$$ and \[c\]"),
    ],
)  # fmt: skip
def test_every_shape_keeps_its_tex_once_and_in_its_place(markup: str, text: str) -> None:
    page = scan(write_formulas(f"<p>before {markup} after</p>".encode()))
    assert " ".join(page.text.tobytes().decode().split()) == f"before {text} after".replace("  ", " ")


@pytest.mark.parametrize(
    ("mathml", "tex"),
    [
        ("<msqrt><msup><mi>x</mi><mn>2</mn></msup></msqrt>", r"\sqrt{x^{2}}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ("<munderover><mo>&sum;</mo><mi>i</mi><mi>n</mi></munderover><mi>i</mi>", r"\sum_{i}^{n}i"),
        ("<mi>sin</mi><mi>&alpha;</mi><mi>y</mi>", r"\sin\alpha y"),
        ("<mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr></mtable>",
         r"\begin{matrix} a & b \end{matrix}"),
        ("<m:msub><m:mi>x</m:mi><m:mi>i</m:mi></m:msub>", "x_{i}"),
        ("<mfenced><mi>a</mi><mi>b</mi></mfenced>", "(a,b)"),
        ("<mfenced open='|' close='|'><mi>a</mi></mfenced>", "|a|"),
        ("<mfenced open='{' close='' separators=';'><mi>a</mi><mi>b</mi></mfenced>", r"\{a;b"),
        ("<mtext>if </mtext><mi>x", r"\text{if}x"),
    ],
)  # fmt: skip
def test_presentation_markup_becomes_tex(mathml: str, tex: str) -> None:
    assert mathml_to_tex(mathml) == tex


def test_images_without_tex_and_pages_without_formulas_stay() -> None:
    for markup in ('<img class="photo" alt="x^2" src="a.jpg">', "<p>latex</p>", '<img alt="tex" src="latex.png">'):
        assert write_formulas(markup.encode()) == markup.encode()


@pytest.mark.parametrize("unit", ["<math>", "<math", "<img class='tex' ", "<script type='math/tex'>", "<math><mi>",
                                  "<mrow>", "<annotation>", "</math>", "<img class='latex' alt='x'>"])  # fmt: skip
def test_hostile_repetitions_take_linear_time(unit: str) -> None:
    started = time.process_time()
    write_formulas((unit * (1_000_000 // len(unit))).encode())
    write_formulas(("<math>" + unit * (45_000 // len(unit)) + "</math>").encode())
    assert time.process_time() - started < 5


@given(st.lists(st.sampled_from(
    ["<math>", "</math>", "<mi>", "</mi>", "<msup>", "</msup>", "x", "<mfrac/>", "<annotation encoding='TeX'>", "&lt;",
     "</annotation>", "<img class=tex alt='", "'>", "<script type=math/tex>", "</script>", "<!--", ">", "<m:math >"]
), max_size=30))  # fmt: skip
def test_any_soup_is_rewritten_without_a_fault(parts: list[str]) -> None:
    write_formulas("".join(parts).encode())
