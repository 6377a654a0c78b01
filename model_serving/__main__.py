"""`python -m model_serving`, the same as `model-serving`."""

import sys

from model_serving.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
