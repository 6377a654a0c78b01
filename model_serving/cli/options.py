"""Options that several subcommands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import model_serving
from model_serving.cli.quantities import QuantityType
from model_serving.spec.vocabulary.quantities import Duration

Declare = Callable[..., Any]


def stack_option() -> Declare:
    """`--stack NAME`, required."""
    return click.option("--stack", metavar="NAME", required=True, help="Name of the stack.")


def json_option(text: str = "Print the result as JSON.") -> Declare:
    """`--json`, as the parameter `as_json`: for commands whose result has no other format."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def timeout_option() -> Declare:
    """`--timeout TIME`: for how long to wait at most."""
    return click.option(
        "--timeout",
        type=QuantityType(Duration),
        metavar="TIME",
        default="45m",
        show_default=True,
        help="How long to wait at most.",
    )


def format_options(*formats: str, default: str | None = "text") -> Declare:
    """`--format NAME` and `--json`, as the parameter `form`."""

    def declare(function: Declare) -> Any:
        short = click.option("--json", "form", flag_value="json", help="Short for --format json.")
        text = f"{', '.join(formats[:-1])} or {formats[-1]}."
        choice = click.option(
            "--format", "form", type=click.Choice(formats), metavar="FORMAT", default=default, help=text
        )
        return choice(short(function))

    return declare


def report_output_options() -> Declare:
    """`--format NAME`, `--json` and `--output FILE`, repeatable, as the parameters `form` and `files`."""

    def declare(function: Declare) -> Any:
        text = "Write to this file, in the format of its extension; - is standard output."
        output = click.option("--output", "files", type=Path, metavar="FILE", multiple=True, help=text)
        return format_options("markdown", "json", "sarif", "text", default=None)(output(function))

    return declare


def policy_pack_option() -> Declare:
    """`--policy-pack FOLDER`, repeatable, as the parameter `packs`."""
    return click.option(
        "--policy-pack",
        "packs",
        metavar="FOLDER",
        multiple=True,
        default=_default_policy_packs,
        show_default="policies, or the installed pack",
        help="Folder of a policy pack.",
    )


def _default_policy_packs() -> tuple[str, ...]:
    own = Path("policies")
    return (str(own if own.is_dir() else installed_policy_pack()),)


def installed_policy_pack() -> Path:
    """The folder of the policy pack that belongs to this command."""
    # Resolved, because in a checkout a link leads there, and the pack's environment is given relative to its folder.
    return (Path(model_serving.__file__).parent / "policies").resolve()


def again_option() -> Declare:
    """`--again`."""
    text = "Start a rollout of the same target again after its gate failed it."
    return click.option("--again", is_flag=True, help=text)


def take_over_option() -> Declare:
    """`--take-over`, as the parameter `take_over`."""
    text = "Go on with a rollout that a process on another host runs, or has left."
    return click.option("--take-over", "take_over", is_flag=True, help=text)


def data_option(*, required: bool = True) -> Declare:
    """`--data JSON`."""
    text = "A request or a list of requests: a JSON text, or the name of a file that holds it."
    by_default = "" if required else " Default: the first request under `smoke` of the endpoint."
    return click.option("--data", required=required, metavar="JSON|FILE", help=text + by_default)


def caller_option() -> Declare:
    """`--as KEY`, as the parameter `caller`."""
    text = "Query as this service principal; `me` for the shell's own credentials."
    return click.option("--as", "caller", metavar="KEY", help=text)
