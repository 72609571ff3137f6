"""The sides of the board: digitnet and its peers, each doing the same work in its own best way.

Every file is one library. Where it takes part, it has these functions:

    epoch(work) -> Callable      one epoch of training per call
    single(work) -> Callable     the logits of one image per call, in process
    bulk(work) -> Callable       the logits of many uint8 images per call
    start(arguments) -> None     from nothing to one picture's label, as a program of its own
    clock(arguments) -> float    from nothing to a trained network; its test accuracy

`work` is a `benchmarks.sides.work.Work`: the digits, the start, the settings.
"""
