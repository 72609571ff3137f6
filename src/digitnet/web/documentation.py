"""Documentation: /docs, the OpenAPI description as a page of its own, without a script."""

from __future__ import annotations

from html import escape
from typing import Any


def as_page(described: dict[str, Any], everywhere: dict[int, str]) -> str:
    """An OpenAPI description as HTML: every address, what it takes and what it answers.

    Args:
        described: the description.
        everywhere: answers that any address may give, status to words; they are said once.
    """
    info = described["info"]
    once = "".join(_row(str(status), "", words) for status, words in everywhere.items())
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(info['title'])}: addresses</title>",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<link rel="icon" href="data:,">',  # or browsers ask for one that is not there
        '<link rel="stylesheet" href="/static/common/style.css">',
        '<link rel="stylesheet" href="/static/common/documentation.css"></head><body><main>',
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>",
        f"<p>{escape(info['description'])}</p>",
        '<p><a href="/">To the page</a>. For programs: ',
        '<a href="/openapi.json">openapi.json</a></p>',
    ]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(method.upper(), path, operation, everywhere))
    parts.append(f"<h2>What any address may answer</h2><table>{once}</table><h2>Shapes</h2>")
    for name, schema in described.get("components", {}).get("schemas", {}).items():
        parts.append(_shape(name, schema))
    parts.append("</main></body></html>")
    return "".join(parts)


def _operation(
    method: str, path: str, operation: dict[str, Any], everywhere: dict[int, str]
) -> str:
    rows = []
    for parameter in operation.get("parameters", []):
        wanted = "required" if parameter.get("required") else "optional"
        name = f"{parameter['name']} ({parameter['in']}, {wanted})"
        rows.append(_row(name, _kind(parameter["schema"]), parameter.get("description", "")))
    body = operation.get("requestBody")
    if body:
        rows.append(_row("body", _contents(body["content"]), body.get("description", "")))
    for status, answer in operation["responses"].items():
        words = answer.get("description", "")
        if everywhere.get(int(status)) != words:
            words = "" if words == "Successful Response" else words
            rows.append(_row(status, _contents(answer.get("content", {})), words))
    words = escape(operation.get("description") or operation.get("summary", ""))
    return (
        f"<section><h2><code>{method} {escape(path)}</code></h2><p>{words}</p>"
        f"<table>{''.join(rows)}</table></section>"
    )


def _row(name: str, kind: str, words: str) -> str:
    return f"<tr><th>{escape(name)}</th><td>{kind}</td><td>{escape(words)}</td></tr>"


def _contents(content: dict[str, Any]) -> str:
    """Media types and shapes; types of the same shape together."""
    by_kind: dict[str, list[str]] = {}
    for media, one in content.items():
        by_kind.setdefault(_kind(one.get("schema", {})), []).append(escape(media))
    return "<br>".join(f"{', '.join(media)}: {kind}" for kind, media in by_kind.items())


def _shape(name: str, schema: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th>{escape(field)}</th><td>{_kind(of)}</td></tr>"
        for field, of in schema.get("properties", {}).items()
    )
    words = escape(schema.get("description", ""))
    return (
        f'<section><h3 id="{escape(name)}">{escape(name)}</h3><p>{words}</p>'
        f"<table>{rows}</table></section>"
    )


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words; shapes are links."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(escape(str(one)) for one in schema["enum"])
    if "const" in schema:
        return escape(str(schema["const"]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    bounds = [
        f"{word} {schema[key]:g}"
        for key, word in (
            ("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"),
        )
        if key in schema
    ]  # fmt: skip
    return escape(" ".join([str(schema.get("type", "anything")), *bounds]))
