"""`python -m contract`: the tables as a page, docs/contract.md."""

import sys

from contract.page import page

sys.stdout.write(page())
