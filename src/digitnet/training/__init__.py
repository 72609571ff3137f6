"""Training as a generator of events, and what is kept of it."""
