"""The board: digitnet beside its peers, all in one run."""
