"""Dask options: --engine dask and what goes with it; nothing heavy is imported here."""

from __future__ import annotations

import argparse

from digitnet.errors import SettingsError

ENGINES = ("local", "dask")
FORMATS = ("parquet", "csv")


def add_dask_options(parser: argparse.ArgumentParser, *, out: bool = True) -> None:
    """Let the user hand the work to a cluster.

    Args:
        parser: of the command.
        out: whether to add --out, too; a command that has one keeps its own.
    """
    group = parser.add_argument_group("where one machine is too small")
    group.add_argument(
        "--engine", choices=ENGINES, default="local",
        help="dask: pictures of any file system that fsspec knows (a folder, @list.txt, s3://...), "
        "read by many processes into parts of a table (default: local)",
    )  # fmt: skip
    group.add_argument(
        "--scheduler", metavar="ADDRESS",
        help="of a Dask cluster, such as tcp://10.0.0.7:8786 (default: one on this machine)",
    )  # fmt: skip
    group.add_argument(
        "--workers", type=int, metavar="N",
        help="worker processes of a cluster on this machine (default: one a core)",
    )  # fmt: skip
    if out:
        group.add_argument(
            "--out", metavar="FOLDER",
            help="where the parts are written, here or as s3://... and the like",
        )  # fmt: skip
    group.add_argument(
        "--format", choices=FORMATS, help="of the parts (default: parquet where PyArrow is there)"
    )
    if not out:  # of read, where --out is there for a picture, and nothing else goes on
        group.add_argument(
            "--resume", action="store_true", help="go on with the parts that are in --out FOLDER"
        )
    group.add_argument(
        "--part-size", type=int, metavar="N", help="files of a part (default: 1,024)"
    )  # fmt: skip


def refuse_dask_options(args: argparse.Namespace, *, out: bool = True) -> None:
    """Raise where an option is given that only Dask heeds."""
    names = ("scheduler", "workers", "format", "part_size", *(("out",) if out else ()))
    if not out and args.resume:
        raise SettingsError("--resume: only with --engine dask; add it or leave it out.")
    given = [f"--{name.replace('_', '-')}" for name in names if vars(args)[name] is not None]
    if given:
        raise SettingsError(f"{', '.join(given)}: only with --engine dask; add it or leave it out.")
