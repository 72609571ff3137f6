"""Cluster: the scheduler and workers of Dask that do the work, here or at an address."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from digitnet.errors import DataError, SettingsError
from digitnet.threads import environment_kept, n_cores
from distributed import Client, LocalCluster

ANSWERS = "20s"
"""How long a scheduler is waited for."""
JOINS = 60.0
"""Seconds until at least one worker is there."""
_ADDRESS = re.compile(r"([a-z]+://)?[^/\s]+:\d+/?|inproc://\S+|[a-z]+://[^/\s]+")


@contextmanager
def connected(scheduler: str | None, workers: int | None) -> Iterator[Client]:
    """A client of the scheduler at an address, or of a cluster of processes on this machine.

    A cluster here ends with the block; one elsewhere goes on.

    Raises:
        SettingsError: nobody answers there, or it has no workers; or wrong use.
    """
    if scheduler is not None and workers is not None:
        raise SettingsError(
            "A scheduler has its own workers.", "leave out {workers} or {scheduler}"
        )
    if workers is not None and not 1 <= workers <= 1024:
        raise SettingsError(f"There can be 1 to 1,024 workers, not {workers}.")
    logging.getLogger("distributed").setLevel(logging.ERROR)
    with environment_kept():
        yield from _connected(scheduler, workers)


def _connected(scheduler: str | None, workers: int | None) -> Iterator[Client]:
    cluster = None
    try:
        if scheduler is None:
            cluster = LocalCluster(
                n_workers=workers or n_cores(),
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
            client = Client(cluster)
        else:
            client = _client_at(scheduler)
        try:
            _wait_for_workers(client, scheduler)
            yield client
        finally:
            with suppress(Exception):
                client.close(timeout=5)
    finally:
        if cluster is not None:
            with suppress(TimeoutError):
                cluster.close(timeout=10)


def _client_at(scheduler: str) -> Client:
    if not _ADDRESS.fullmatch(scheduler):
        raise SettingsError(
            f"{scheduler} is no address of a scheduler.",
            "give one such as {scheduler:tcp://10.0.0.7:8786}.",
        )
    try:
        return Client(scheduler, timeout=ANSWERS)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        text = " ".join(str(error).split())[:160].rstrip(".")
        raise SettingsError(
            f"No Dask scheduler answers at {scheduler} ({text or type(error).__name__}).",
            "start one with `dask scheduler`, or check {scheduler}.",
        ) from None


def _wait_for_workers(client: Client, scheduler: str | None) -> None:
    try:
        client.wait_for_workers(1, timeout=JOINS)
    except TimeoutError:
        where = scheduler or "this machine"
        raise SettingsError(
            f"The scheduler at {where} has had no worker for {JOINS:g} seconds.",
            "start some with `dask worker`.",
        ) from None


def n_threads(client: Client) -> int:
    """Threads of all workers together, as far as they are there now."""
    return sum(info["nthreads"] for info in workers_of(client).values())


def workers_of(client: Client) -> dict[str, Any]:
    """The workers that are there now.

    Raises:
        DataError: the scheduler has gone.
    """
    try:
        found: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
        return found
    except Exception:
        raise DataError(
            "The scheduler has gone.", "start it again, and go on with {resume}."
        ) from None
