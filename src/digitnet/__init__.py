"""digitnet: a handwritten-digit recogniser whose neural network is written in NumPy."""
