"""`python -m digitnet` is `digitnet`."""

import sys

from digitnet.cli.main import main

sys.exit(main())
