"""`python -m digitnet` is `digitnet`."""

import sys

from digitnet.cli.main import main

if __name__ == "__main__":  # a process that helps with many pictures imports this file, too
    sys.exit(main())
