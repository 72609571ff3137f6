"""Repository: links from a page to files outside docs/ lead to a page with that file's text.

The pages are read in the repository as well, so links are relative paths there, to a line where a
line is meant: `../src/digitnet/nn/layers.py#L47`. A link to a file that is not there, or past its
last line, is a warning, and with it the build fails.

A page that is nothing but a link to such a file stands for it: on the site it has the file's text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, TextLexer
from sphinx.application import Sphinx
from sphinx.util import logging

LINK = re.compile(r"\]\((\.\.?/[^)\s#]*)(?:#L(\d+)(?:-L\d+)?)?\)")
STAND_IN = re.compile(r"\[.*\]\(\.\./(\w+\.md)\)\n")
PLACE_KEPT = re.compile(r"^(\w+)\*\n", re.MULTILINE)
log = logging.getLogger(__name__)
shown: set[str] = set()


def point_to_source(app: Sphinx, name: str, content: list[str]) -> None:
    """Before a page is parsed: mark links out of docs/ with a scheme of their own."""
    docs = Path(app.srcdir)

    def marked(found: re.Match[str]) -> str:
        path = (docs / name).parent / found[1]
        inside = posixpath.normpath(posixpath.join("docs", posixpath.dirname(name), found[1]))
        if inside.startswith("docs/"):
            return found[0]
        if not path.is_file():
            log.warning("a link leads to %s, which is not there", inside, location=name)
            return found[0]
        line = int(found[2] or 1)
        if line > len(path.read_text().splitlines()):
            log.warning("a link leads past the end of %s", inside, location=name)
        shown.add(inside)
        return f"](source:{inside}#L-{line})"

    text = content[0]
    if stand_in := STAND_IN.fullmatch(text):
        text = as_seen_from_docs((docs.parent / stand_in[1]).read_text())
    if name == "index":  # a pattern of pages that are not there yet
        text = PLACE_KEPT.sub(lambda m: m[0] if any(docs.glob(f"{m[1]}*.md")) else "", text)
    content[0] = LINK.sub(marked, text)


def as_seen_from_docs(text: str) -> str:
    """The text of a file that stands in the root, its links those of a page in docs/."""
    text = re.sub(r"\]\((?![a-z]+:|#|docs/)", "](../", text)
    return text.replace("](docs/", "](")


def resolve(app: Sphinx, tree: nodes.document, name: str) -> None:
    """The marked links, as seen from the page they stand on."""
    for node in tree.findall(nodes.reference):
        uri = node.get("refuri", "")
        if uri.startswith("source:"):
            path, _, line = uri.removeprefix("source:").partition("#")
            node["refuri"] = f"{app.builder.get_relative_uri(name, 'source/' + path)}#{line}"
            node["internal"] = True


def source_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each file that was linked to, with its lines numbered."""
    for path in sorted(shown):
        lexer = PythonLexer(stripnl=False) if path.endswith(".py") else TextLexer(stripnl=False)
        form = HtmlFormatter(linenos="inline", lineanchors="L", anchorlinenos=True)
        body = highlight((Path(app.srcdir).parent / path).read_text(), lexer, form)
        yield f"source/{path}", {"title": path, "body": f"<h1>{path}</h1>{body}"}, "page.html"


def plain_docstring(app: Sphinx, what: str, name: str, item: Any, options: Any, lines: Any) -> None:
    """Docstrings are plain text with `names` in it: what reST would take for markup is escaped."""
    for i, line in enumerate(lines):
        parts = line.split("`")
        parts[::2] = [re.sub(r"([*|]|(?<=\w)_(?!\w))", r"\\\1", part) for part in parts[::2]]
        lines[i] = "`".join(parts)


def level_captions(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any
) -> None:
    """Say of what level the captions in the list of pages are, which the theme calls headings."""
    listed = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = listed.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", point_to_source)
    app.connect("doctree-resolved", resolve)
    app.connect("html-collect-pages", source_pages)
    app.connect("html-page-context", level_captions, priority=900)
    app.connect("autodoc-process-docstring", plain_docstring, priority=100)
    return {"parallel_read_safe": False}
