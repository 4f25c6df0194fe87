"""`python3 -m localcluster.bootstrap`: makes everything that a checkout needs on this machine, any number of times.

Exit 0: all is there; 1: something is lacking or failed, one line each on standard error; 130: interrupted.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (the message is for those whose Python is older)
    sys.exit("coalmine: Python 3.11 or newer is needed: install it, or name it with `make PYTHON=...`")

from .run import main

sys.exit(main(sys.argv[1:]))
