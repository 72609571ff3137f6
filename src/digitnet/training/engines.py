"""Engines: where the runs of a sweep are made: in processes of this machine, or by Dask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from digitnet.errors import SettingsError
from digitnet.threads import environment_kept

ENGINES = ("joblib", "dask")


@contextmanager
def workers(engine: str, jobs: int, scheduler: str | None, data: Sequence[Any]) -> Iterator[None]:
    """Where joblib's work is done while the block runs.

    Args:
        engine: one of ENGINES.
        jobs: workers on this machine.
        scheduler: address of a Dask scheduler, whose workers do it then.
        data: what Dask sends once to each worker; None is passed over.

    Raises:
        SettingsError: no scheduler answers there, or a worker has been killed.
    """
    from joblib import parallel_config
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    killed = SettingsError(
        "A worker of the sweep has been killed, perhaps for want of memory; what is done is kept.",
        "go on with {resume} and fewer {jobs}.",
    )
    if engine == "joblib":
        try:
            with parallel_config("loky"):
                yield
        except TerminatedWorkerError as error:
            raise killed from error
        return
    import logging

    from distributed.scheduler import KilledWorker

    from distributed import Client, LocalCluster

    with environment_kept(), _quiet(logging.CRITICAL):
        if scheduler is None:
            cluster = LocalCluster(
                n_workers=jobs, threads_per_worker=1, dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )  # fmt: skip
        else:
            cluster = None
        try:
            client = Client(cluster if cluster is not None else scheduler, timeout=10)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"No Dask scheduler answers at {scheduler}.",
                "start one with `dask scheduler`, and workers with `dask worker ADDRESS`.",
            ) from error
        try:
            big = [each for each in data if each is not None]
            with parallel_config("dask", scatter=big):
                yield
        except KilledWorker as error:
            raise killed from error
        finally:
            client.close()
            if cluster is not None:
                cluster.close()


@contextmanager
def _quiet(level: int) -> Iterator[None]:
    """Dask's workers tell of every goodbye; what matters is raised."""
    import logging

    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)
