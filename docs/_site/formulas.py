"""Formulas: written as in TeX, shown as MathML, which browsers set themselves.

No script and no font is needed for it, from here or from elsewhere.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx


def inline(visitor: Any, node: nodes.math) -> None:
    visitor.body.append(convert(node.astext()))
    raise nodes.SkipNode


def displayed(visitor: Any, node: nodes.math_block) -> None:
    visitor.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    return {"parallel_read_safe": True}
