"""What `pulumi preview` and `pulumi up` run: the stack's files are checked whole, then become resources."""

from pathlib import Path

import pulumi

from model_serving.components.engine.interrupts import end_quietly_when_interrupted
from model_serving.errors import UserError
from model_serving.spec import load
from model_serving.spec.files.restore_file import restore_of_this_run

try:
    end_quietly_when_interrupted()
    restored = restore_of_this_run(pulumi.get_stack())
    loaded = None
    if restored is None:
        loaded = load(pulumi.get_stack(), Path(__file__).parent / "stacks", pulumi.Config("model-serving").get)
except UserError as error:
    raise pulumi.RunError(str(error)) from None

if restored:
    from model_serving.components.restored_endpoint import restore

    restore(restored)
if loaded:
    from model_serving.components.stack import build

    for output, value in build(loaded.stack, lambda problems, *outcome: str(loaded.error(problems, *outcome))).items():
        pulumi.export(output, value)
