"""`python -m contract`: the tables as a page, docs/contract.md."""

import sys

from contract.page import page

WRONG_USAGE = 3

if sys.argv[1:]:
    sys.stderr.write("usage: python -m contract > docs/contract.md (it takes no arguments)\n")
    sys.exit(WRONG_USAGE)
sys.stdout.write(page())
