"""Plots: pictures of a training, of an evaluation, of how one answer was found."""
