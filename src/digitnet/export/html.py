"""Html: a page in one file to draw on, look inside and see learning, without a server."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path

import numpy as np

from digitnet.errors import OutputError
from digitnet.export import Written
from digitnet.export.bundle import join_modules
from digitnet.export.page_format import encode
from digitnet.files import replacing
from digitnet.models.model import Model, classify, float_network, predictor
from digitnet.nn import Ensemble, Network

STATIC = Path(__file__).parents[1] / "web" / "static"
MOST_BYTES = 1_500_000
N_CHECKED = 2000
"""Drawn digits on which rounded weights must give every label that the exact ones give."""

_WITH_SERVER = re.compile(r"^ *<!-- with a server -->.*?<!-- end -->\n", re.MULTILINE | re.DOTALL)
_STYLE = re.compile(r'^<link rel="stylesheet" href="static/([\w/]+\.css)">\n', re.MULTILINE)
_SCRIPT = re.compile(r'^<script type="module" src="static/main\.js"></script>\n', re.MULTILINE)


def export(model: Model, name: str, target: str | Path) -> Written:
    """Write the page with the model in it to `target`, whole or not at all.

    The weights are float32, the very ones that the model has. Where the page would be larger than
    1.5 MB so, they are rounded to float16, if 2,000 drawn digits are all read as before.

    Raises:
        OutputError: the model is too large for one page, or the file cannot be written.
    """
    numbers = "float32"
    page = _page(name, encode(model, name), numbers)
    if len(page) > MOST_BYTES:
        numbers = "float16"
        page = _page(name, _halved(model, name), numbers)
        if len(page) > MOST_BYTES:
            raise OutputError(
                f"{name} has {model.n_parameters:,} parameters and would make a page of "
                f"{len(page) / 1e6:.1f} MB, but one file holds at most {MOST_BYTES / 1e6:.1f} MB; "
                "choose a smaller model."
            )
        if not _reads_alike_rounded(model):
            raise OutputError(
                f"{name} is too large for one page, and with weights rounded to half as many "
                "bytes it would read some digits otherwise; choose a smaller model."
            )
    with replacing(target) as temporary:
        temporary.write_bytes(page)
    note = "" if numbers == "float32" else f"{N_CHECKED:,} drawn digits are read as before"
    use = "Open it in any browser: it needs no server and no network."
    return Written(len(page), numbers, note, use)


def _page(name: str, weights: bytes, numbers: str) -> bytes:
    """The page's file, with weights of that kind in it."""
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    text = _WITH_SERVER.sub("", text)
    style = "\n".join((STATIC / file).read_text(encoding="utf-8") for file in _STYLE.findall(text))
    script = join_modules(STATIC, "one_file")
    text = _SCRIPT.sub("", _STYLE.sub("", text))
    policy = (
        f"default-src 'none'; script-src {_source(script)}; style-src {_source(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>digitnet: {html.escape(name)}</title>\n"
    )
    tail = (
        f'<script type="application/octet-stream" id="weights" data-numbers="{numbers}">'
        f"{base64.b64encode(weights).decode()}</script>\n<script>{script}</script>\n"
    )
    text = text.replace("<title>digitnet</title>\n", head, 1)
    text = text.replace("</head>", f"<style>{style}</style>\n</head>", 1)
    return text.replace("</body>", f"{tail}</body>", 1).encode()


def _source(content: str) -> str:
    """What a content security policy calls an inline script or style."""
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _halved(model: Model, name: str) -> bytes:
    """The bytes of `encode` with float16 in place of float32."""
    content = encode(model, name)
    n_header = 4 + int.from_bytes(content[:4], "little")
    numbers = np.frombuffer(content, "<f4", offset=n_header)
    with np.errstate(over="ignore"):
        return content[:n_header] + numbers.astype("<f2").tobytes()


def _reads_alike_rounded(model: Model) -> bool:
    """Whether the model reads drawn digits as before once its weights are float16."""
    from digitnet.data.synthetic import synthesize

    images = synthesize(N_CHECKED, np.random.default_rng(0)).images
    network = predictor(float_network(model, "the model"))
    members = network.networks if isinstance(network, Ensemble) else (network,)
    rounded = [Network(member.layers, member.dtype) for member in members]
    for coarse, member in zip(rounded, members, strict=True):
        with np.errstate(over="ignore"):
            coarse.vector[:] = member.vector.astype(np.float16)
    exact, near = classify(network, images), classify(Ensemble(rounded), images)
    labels = exact.argmax(axis=1)
    return bool(np.isfinite(near).all() and (near.argmax(axis=1) == labels).all())
