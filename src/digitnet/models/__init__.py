"""Models: a network with its classes, its framing and the limits of its answers."""
