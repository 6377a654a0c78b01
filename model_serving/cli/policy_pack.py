"""`model-serving policy-pack`: where the policy pack is, for `pulumi --policy-pack`."""

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import installed_policy_pack


@subcommand("policy-pack", example='pulumi preview --policy-pack "$(model-serving policy-pack)"')
def policy_pack_command() -> int:
    """Print the folder of the policy pack that belongs to this command.

    In a checkout that is `policies`. Where the wheel is installed, the pack runs in the environment of the wheel.
    """
    click.echo(installed_policy_pack())
    return 0
