"""Reading: a page with several digits, row by row."""
