"""What `pulumi preview` and `pulumi up` run: the stack's files are checked whole, then become resources."""

from pathlib import Path

import pulumi

from stacks import SpecError, load_stack

try:
    settings = pulumi.Config("model-serving")
    stack = load_stack(pulumi.get_stack(), Path(__file__).parent / "stacks", settings.get)
except SpecError as error:
    raise pulumi.RunError(str(error)) from None

from components.stack import build

for name, value in build(stack).items():
    pulumi.export(name, value)
