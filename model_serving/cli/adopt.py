"""`model-serving adopt`: endpoints that are live already, into a stack file."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from model_serving.cli.command import subcommand
from model_serving.cli.options import json_option, policy_pack_option, stack_option
from model_serving.cli.progress import Counter
from model_serving.cli.reports import write_reports
from model_serving.delivery.adopt.adopted_ids import adopted_keys
from model_serving.delivery.adopt.import_run import import_adopted
from model_serving.delivery.adopt.stack_file import adoption_change
from model_serving.delivery.rollback.stack_file_change import StackFileChange
from model_serving.errors import UsageError
from model_serving.operations.adopt.adopt import read_adoption
from model_serving.operations.adopt.candidates import is_pattern
from model_serving.operations.adopt.entry import Adoption, Selection
from model_serving.operations.adopt.json_adoption import json_adoption
from model_serving.operations.adopt.sources.selected import Handover, SourceOptions, handover
from model_serving.operations.adopt.summary import summary
from model_serving.spec import load_stack


@subcommand("adopt", example="model-serving adopt --stack prod --name 'fraud-*' --write")
@stack_option()
@click.option("--name", "names", metavar="PATTERN", multiple=True, help="A name, or a pattern such as 'fraud-*'.")
@click.option("--creator", metavar="WHO", help="Created by this user name or application id.")
@click.option("--follow-aliases", is_flag=True, help="Write model@Alias where an alias has the version that serves.")
@click.option("--bundle", type=Path, metavar="FILE", help="Those of a Databricks bundle: its databricks.yml.")
@click.option("--target", metavar="NAME", help="Target of the bundle.")
@click.option("--var", "variables", metavar="NAME=VALUE", multiple=True, help="Variable of the bundle.")
@click.option("--terraform-state", type=Path, metavar="FILE", help="Those of a Terraform state.")
@click.option("--dry-run", is_flag=True, help="Report only, without the patch.")
@click.option("--write", is_flag=True, help="Write the entries into the stack's own file.")
@click.option("--import", "imports", is_flag=True, help="Write the entries, and import the endpoints at once.")
@policy_pack_option()
@json_option()
def adopt_command(
    stack: str,
    names: tuple[str, ...],
    creator: str | None,
    *,
    follow_aliases: bool,
    bundle: Path | None,
    target: str | None,
    variables: tuple[str, ...],
    terraform_state: Path | None,
    packs: tuple[str, ...],
    dry_run: bool,
    write: bool,
    imports: bool,
    as_json: bool,
) -> int:
    """Take live endpoints under management: by default all that no stack has.

    Prints the stack file's change as a patch. The next `pulumi up` imports them, without a write.
    """
    if dry_run + write + imports > 1:
        raise UsageError("Choose one of --dry-run, --write and --import")
    if "" in (*names, creator):  # of a variable that is not set: it would mean all of them
        raise UsageError("--name and --creator may not be empty")
    source = SourceOptions(bundle, target, variables, terraform_state, creator).read()
    if source and names:
        raise UsageError("Choose one of --name and another tool's file, which names the endpoints")
    # The creator of a bundle's endpoints is who deploys it: the names have that user's prefix already.
    selection = Selection(source.names) if source else Selection(names, creator)
    adoption = _read(stack, selection, follow_aliases=follow_aliases)
    change = StackFileChange({}, "") if dry_run else adoption_change(stack, Path.cwd(), adoption)
    released = handover(source, adoption, load_stack(stack, Path("stacks")).default_tags) if source else Handover()
    if write:
        for file, text in change.files.items():
            Path(file).write_text(text, encoding="utf-8", newline="")
    if as_json:
        files = sorted(change.files) if write else []
        result = {**json_adoption(adoption, stack), "patch": change.patch, "written": files, "source": asdict(released)}
        click.echo(json.dumps(result, indent=2))
    else:
        click.echo(summary(adoption, stack), err=not dry_run, nl=False)
        if not imports:
            _keep(adoption, change, stack, write=write)
        for line in released.lines():
            click.echo(line, err=True)
    return max(_status(adoption, names), _import(stack, packs, change) if imports else 0)


def _import(stack: str, packs: tuple[str, ...], change: StackFileChange) -> int:
    """Import what the stack file adopts, with the change in it; return the exit status."""
    folder = Path.cwd()
    if not change.files and not adopted_keys(stack, folder):
        return 0
    outcome = import_adopted(stack, folder, packs, change)
    if not outcome.started:
        write_reports([outcome.report], None, (), folder)
    click.echo(outcome.message, err=True)
    return outcome.status


def _read(stack: str, selection: Selection, *, follow_aliases: bool) -> Adoption:
    with Counter() as counter:
        return read_adoption(
            stack,
            selection,
            follow_aliases=follow_aliases,
            notify=lambda text: click.echo(text, err=True),
            progress=lambda what, done, number: counter.count(f"{what} read")(done, number),
        )


def _keep(adoption: Adoption, change: StackFileChange, stack: str, *, write: bool) -> None:
    """Print the patch, or say what was written, and what comes next."""
    if not change.files:
        return
    files, number = ", ".join(change.files), len(adoption.entries)
    after = f"model-serving check --stack {stack} reports the rules that they break, and pulumi preview their imports"
    if write:
        click.echo(f"Wrote {number} entr{'y' if number == 1 else 'ies'} into {files}. {after}", err=True)
        return
    click.echo(change.patch, nl=False)
    click.echo(f"That is the change of {files}: --write writes it. Then {after}", err=True)


def _status(adoption: Adoption, names: tuple[str, ...]) -> int:
    """1 where an endpoint that was named, and not by a pattern, is not adopted."""
    named = {name for name in names if not is_pattern(name)}
    return 1 if any(each.name in named for each in adoption.not_adopted) else 0
