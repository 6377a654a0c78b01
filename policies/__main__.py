"""The policy pack, as the engine starts it. Nothing in it may print: the first line of its output is the port."""

import sys
from pathlib import Path

# The engine puts this folder on the path, but the rules are imported as `model_serving.policies.rules`. The folder
# above is the checkout or, where the wheel is installed, the package `model_serving` itself.
_above = Path(__file__).resolve().parent.parent
sys.path[0] = str(_above.parent if (_above / "__init__.py").is_file() else _above)

from model_serving.databricks.sdk import import_in_background  # noqa: E402
from model_serving.policies.pack.service import serve  # noqa: E402
from model_serving.policies.rules import RULES  # noqa: E402

import_in_background()  # the first rule that reads a workspace needs it
serve("model-serving", RULES)
