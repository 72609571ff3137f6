"""The command line: parse, call, show. No mathematics in here."""
