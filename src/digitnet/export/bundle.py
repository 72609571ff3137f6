"""Bundle: several ES modules made one script, since browsers load none from a memory stick."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.\.?/[\w./]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function (\w+)|(?:const|class) (\w+))", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*|\bimport\(.*", re.MULTILINE)


def join_modules(folder: Path, entry: str) -> str:
    """One script that does what the module `entry` does, with all that it imports.

    Each module becomes a function that is called once and returns what it exports, so that equal
    names in two modules do not meet. Written for our own modules, which import
    `{ names } from "./file.js"` or `"../folder/file.js"`, and export functions, constants and
    classes where they define them.

    Args:
        folder: where the modules are, some of them in folders.
        entry: a module's path in there, without ".js".

    Raises:
        ValueError: a module imports or exports in another way, or modules import in a circle.
    """
    done: dict[str, str] = {}
    _add(folder, entry, done, ())
    return '"use strict";\n' + "\n".join(done.values())


def _add(folder: Path, name: str, done: dict[str, str], above: tuple[str, ...]) -> None:
    """Put a module behind those it needs; `above` are those that are waiting for it."""
    if name in done:
        return
    if name in above:
        raise ValueError(f"{' imports '.join([*above, name])}: a circle.")
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    for _, path in _IMPORT.findall(text):
        _add(folder, _needed(name, path), done, (*above, name))
    exported = [function or other for function, other in _EXPORT.findall(text)]
    body = _IMPORT.sub(
        lambda found: f"const {{{found[1]}}} = {_variable(_needed(name, found[2]))};\n", text
    )
    body = _EXPORT.sub("", body)
    if left := _LEFT_OVER.search(body):
        raise ValueError(f"{name}.js has a line that cannot be joined: {left[0]}")
    returned = f"return {{ {', '.join(exported)} }};\n" if exported else ""
    done[name] = f"const {_variable(name)} = (() => {{\n{body}{returned}}})();\n"


def _needed(name: str, path: str) -> str:
    """The module that `name` means by a path: "../common/words" of "draw/pad" is "common/words"."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _variable(module: str) -> str:
    return "module_" + module.replace("/", "$")
