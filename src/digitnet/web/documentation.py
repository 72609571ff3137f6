"""Documentation: /docs, the OpenAPI description as a page of its own, without a script."""

from __future__ import annotations

from html import escape
from typing import Any


def as_page(described: dict[str, Any]) -> str:
    """An OpenAPI description as HTML: every address, what it takes and what it answers."""
    info = described["info"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(info['title'])}: addresses</title>",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<link rel="stylesheet" href="/static/docs.css"></head><body><main>',
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>",
        f"<p>{escape(info.get('description', ''))}</p>",
        '<p>For programs: <a href="/openapi.json">openapi.json</a></p>',
    ]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(method.upper(), path, operation))
    parts.append("<h2>Shapes</h2>")
    for name, schema in described.get("components", {}).get("schemas", {}).items():
        parts.append(_shape(name, schema))
    parts.append("</main></body></html>")
    return "".join(parts)


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = []
    for parameter in operation.get("parameters", []):
        wanted = "required" if parameter.get("required") else "optional"
        says = parameter.get("description", "")
        kind = _kind(parameter["schema"])
        rows.append((f"{parameter['name']} ({parameter['in']}, {wanted})", kind, says))
    body = operation.get("requestBody")
    if body:
        for media, content in body["content"].items():
            says = body.get("description", "")
            rows.append(("body", f"{escape(media)}: {_kind(content.get('schema', {}))}", says))
    for status, answer in operation["responses"].items():
        kinds = [
            f"{escape(media)}: {_kind(content.get('schema', {}))}"
            for media, content in answer.get("content", {}).items()
        ]
        rows.append((status, "<br>".join(kinds), answer.get("description", "")))
    table = "".join(
        f"<tr><th>{escape(str(name))}</th><td>{kind}</td><td>{escape(says)}</td></tr>"
        for name, kind, says in rows
    )
    words = escape(operation.get("description") or operation.get("summary", ""))
    return (
        f"<section><h2><code>{method} {escape(path)}</code></h2><p>{words}</p>"
        f"<table>{table}</table></section>"
    )


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
