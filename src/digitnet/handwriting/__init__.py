"""Handwriting: digits drawn by made-up hands, on made-up pages, through a made-up camera."""
