"""`python -m model_serving.contract`: the tables as a page, docs/contract.md."""

import sys

from model_serving.contract.reference_docs import page

WRONG_USAGE = 3

if sys.argv[1:]:
    sys.stderr.write("usage: python -m model_serving.contract > docs/contract.md (it takes no arguments)\n")
    sys.exit(WRONG_USAGE)
sys.stdout.write(page())
