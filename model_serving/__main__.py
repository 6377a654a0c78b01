"""`python -m model_serving`: every command of the project."""

import sys

from model_serving.cli import operations, review

if __name__ == "__main__":
    sys.exit(operations.main() if sys.argv[1:2] in (["query"], ["smoke"]) else review.main())
