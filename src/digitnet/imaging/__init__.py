"""From a picture to the 28 x 28 frame the network sees."""
