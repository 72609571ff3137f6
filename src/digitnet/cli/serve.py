"""Serve: `digitnet serve`, the page to draw on and the server behind it."""

from __future__ import annotations

import argparse
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from digitnet.cli.signals import listen_for_stop
from digitnet.errors import OutputError, SettingsError, require

TOKEN = re.compile(r"[A-Za-z0-9_.~-]{8,200}")
TOKEN_VARIABLE = "DIGITNET_TOKEN"
NAME = re.compile(r"[A-Za-z0-9.-]{1,253}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, where things lie, and who may come."""
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="NAME",
        help="address to listen on; others than this machine's own ask for a token "
        "(default: 127.0.0.1, for nobody else)",
    )  # fmt: skip
    parser.add_argument(
        "--port", type=int, default=8000, metavar="N", help="default: 8000; 0 takes a free one"
    )
    parser.add_argument(
        "--name", action="append", default=[], metavar="NAME",
        help="a further name that the server goes by, such as digits.example.org behind a proxy; "
        "asks for a token (may be given several times)",
    )  # fmt: skip
    parser.add_argument(
        "--folder", default=".", metavar="DIR",
        help="where models, corrections and your own digits lie (default: here)",
    )  # fmt: skip
    parser.add_argument(
        "--token",
        metavar="T",
        help=f"ask for this token (or ${TOKEN_VARIABLE}, which other users of the machine do not "
        "see); without one, another --host or a --name draws one",
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N",
        help="processes behind the port; more than one train nothing (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--log", nargs="?", const="-", metavar="FILE",
        help="a JSON object for each request, to FILE or, without one, to standard error",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    require("web")
    from digitnet.web.guard import is_loopback
    from digitnet.web.server import serve, serve_by_several

    if not 0 <= args.port < 65536:
        raise SettingsError(f"A port is a number from 0 to 65535, not {args.port}.")
    if not Path(args.folder).is_dir():
        raise OutputError(f"There is no folder {args.folder}; make it first, or choose another.")
    for name in args.name:
        if not NAME.fullmatch(name):
            raise SettingsError(
                f"--name takes a bare name such as digits.example.org, not {name!r}."
            )
    token = os.environ.get(TOKEN_VARIABLE) or None if args.token is None else args.token
    if token is None and (args.name or not is_loopback(args.host)):
        token = secrets.token_urlsafe(24)
    if token is not None and not TOKEN.fullmatch(token):
        raise SettingsError("A token is 8 to 200 letters, digits and any of _ . ~ -.")
    with listen_for_stop() as stopping, suppress(KeyboardInterrupt):  # of a second signal
        if args.workers == 1:
            serve(args.folder, args.host, args.port, token, args.name, log=args.log)
        else:
            serve_by_several(
                args.workers, args.folder, args.host, args.port, token, args.name,
                lambda: stopping.number is not None, log=args.log,
            )  # fmt: skip
    return 0 if stopping.number is None else 128 + stopping.number
