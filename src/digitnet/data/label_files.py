"""Label files: a table or JSON beside pictures that says what each of them shows."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digitnet.data.columns import LABEL_NAMES
from digitnet.data.picture_files import SUFFIXES as PICTURES
from digitnet.errors import DataError
from digitnet.files import read_regular

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl")
FILE_NAMES = ("file_name", "filename", "file", "image", "image_name", "path", "name", "img", "id")
LARGEST = 2**26
"""Bytes of a file of labels that are read."""


def read_label_file(path: Path) -> dict[str, str] | None:
    """The label of each file name; None where the file does not look like a list of labels.

    Understood are two columns (with or without a header, more columns where a header names the
    two), a JSON object {name: label}, a JSON list of objects, and one object in each line.
    """
    if path.suffix.lower() not in SUFFIXES:
        return None
    try:
        text = read_regular(path, LARGEST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    try:
        pairs = _of_json(text) if path.suffix.lower().startswith(".json") else _of_table(text)
    except (RecursionError, csv.Error):  # nested without end, or a field longer than any name
        return None
    if not pairs:
        return None
    labels: dict[str, str] = {}
    for name, label in pairs:
        name = name.replace("\\", "/").removeprefix("./")
        if labels.setdefault(name, label) != label:
            raise DataError(f"{path}: {name} is labelled {labels[name]} and {label}; keep one.")
    return labels


def read_one_label(path: Path) -> str | None:
    """The label in a text file of one picture: its only word; None where it has more."""
    try:
        words = read_regular(path, 200).decode("utf-8-sig").split()
    except (OSError, UnicodeDecodeError):
        return None
    return words[0] if len(words) == 1 else None


def _of_json(text: str) -> list[tuple[str, str]]:
    try:
        told: Any = json.loads(text)
    except ValueError:
        try:
            told = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            return []
    if isinstance(told, dict) and isinstance(told.get("labels"), dict):
        told = told["labels"]
    if isinstance(told, dict):
        lists = [(str(name), k) for k, v in told.items() if isinstance(v, list) for name in v]
        return lists or [(str(k), str(v)) for k, v in told.items() if isinstance(v, str | int)]
    pairs = []
    for row in told if isinstance(told, list) else []:
        if isinstance(row, list) and len(row) == 2:
            pairs.append((str(row[0]), str(row[1])))
        if isinstance(row, dict):
            lower = {str(key).lower(): value for key, value in row.items()}
            name = next((lower[key] for key in FILE_NAMES if key in lower), None)
            label = next((lower[key] for key in LABEL_NAMES if key in lower), None)
            if name is not None and label is not None:
                pairs.append((str(name), str(label)))
    return pairs


def _of_table(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return []
    mark = next((m for m in ("\t", ";", ",", ":") if all(m in line for line in lines)), None)
    rows: list[list[str]]
    if mark is None:  # blanks, which may stand in names too
        rows = [line.rsplit(maxsplit=1) for line in lines]
    else:
        rows = list(csv.reader(lines, delimiter=mark, skipinitialspace=True))
    rows = [[field.strip() for field in row] for row in rows]
    names_at, label_at = 0, 1
    header = [field.lower() for field in rows[0]]
    if any(name in FILE_NAMES for name in header) and any(n in LABEL_NAMES for n in header):
        names_at = _first(header, FILE_NAMES)
        label_at = _first(header, LABEL_NAMES)
        rows = rows[1:]
    elif len(header) == 2 and (header[0] in FILE_NAMES or header[1] in LABEL_NAMES):
        rows = rows[1:]
    elif len(header) == 2 and _is_picture(header[1]) and not _is_picture(header[0]):
        names_at, label_at = 1, 0
    most = max(names_at, label_at)
    return [(row[names_at], row[label_at]) for row in rows if len(row) > most]


def _is_picture(name: str) -> bool:
    return name.lower().endswith(PICTURES)


def _first(header: Sequence[str], names: Sequence[str]) -> int:
    return header.index(next(name for name in names if name in header))
