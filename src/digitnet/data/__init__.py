"""Labelled digits: from files, from folders of pictures, from MNIST, or drawn by us."""
