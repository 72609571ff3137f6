"""Schedules: how the learning rate changes over the course of a run.

A schedule turns the share of all steps that is done (0 to 1) into a factor on the learning rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Schedule(Protocol):
    """A factor on the learning rate over the course of the run."""

    def factor(self, progress: float) -> float:
        """The factor when the share `progress` (0 to 1) of all steps is done."""


@dataclass(frozen=True)
class Constant:
    """The learning rate stays as it is."""

    def factor(self, progress: float) -> float:
        return 1.0


@dataclass(frozen=True)
class Linear:
    """A straight line from 1 down to `final`."""

    final: float = 0.0

    def factor(self, progress: float) -> float:
        return self.final + (1.0 - self.final) * (1.0 - progress)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from 1 down to `final` (Loshchilov and Hutter 2017, one cycle)."""

    final: float = 0.0

    def factor(self, progress: float) -> float:
        return float(self.final + (1.0 - self.final) * 0.5 * (1.0 + np.cos(np.pi * progress)))


@dataclass(frozen=True)
class OneCycle:
    """Up by a cosine from `initial` to 1, then down to `final` (Smith and Topin 2018)."""

    warm_up: float = 0.3
    initial: float = 0.04
    final: float = 1e-4

    def factor(self, progress: float) -> float:
        if progress < self.warm_up:
            start, stop, share = self.initial, 1.0, progress / self.warm_up
        else:
            start, stop = 1.0, self.final
            share = (progress - self.warm_up) / (1.0 - self.warm_up)
        return float(stop + (start - stop) * 0.5 * (1.0 + np.cos(np.pi * share)))
