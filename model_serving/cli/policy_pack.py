"""`model-serving policy-pack`: where the policy pack is, for `pulumi --policy-pack`."""

from pathlib import Path

import model_serving
from model_serving.cli.command import subcommand


@subcommand("policy-pack", example='pulumi preview --policy-pack "$(model-serving policy-pack)"')
def policy_pack_command() -> int:
    """Print the folder of the policy pack that belongs to this command.

    In a checkout that is `policies`. Where the wheel is installed, the pack runs in the environment of the wheel.
    """
    # Resolved, because in a checkout a link leads there, and the pack's environment is given relative to its folder.
    print((Path(model_serving.__file__).parent / "policies").resolve())
    return 0
