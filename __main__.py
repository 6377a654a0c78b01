"""What `pulumi preview` and `pulumi up` run: the stack's files are checked whole, then become resources."""

from pathlib import Path

import pulumi

from model_serving.components.engine.interrupts import end_quietly_when_interrupted
from model_serving.spec import SpecError, load

try:
    end_quietly_when_interrupted()
    loaded = load(pulumi.get_stack(), Path(__file__).parent / "stacks", pulumi.Config("model-serving").get)
except SpecError as error:
    raise pulumi.RunError(str(error)) from None

from model_serving.components.stack import build

for output, value in build(loaded.stack, lambda problems, *outcome: str(loaded.error(problems, *outcome))).items():
    pulumi.export(output, value)
