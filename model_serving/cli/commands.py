"""What each command does, once its arguments are read. Each returns the exit status."""

import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from model_serving.delivery.changed_stacks import changed_stacks, on_this_machine
from model_serving.delivery.git import commit
from model_serving.errors import UsageError
from model_serving.review.assess.report import Report, Stamp, Verdict
from model_serving.sarif import Result
from model_serving.spec.files.listing import has_file, stacks


def report_command(arguments: Namespace) -> int:
    """`report`: preview each stack, or read one, and write the report."""
    from model_serving.review.render.formats import write_reports  # noqa: PLC0415  rich takes longer to import than `check` has time

    made = [*_reports(arguments)]
    if not made:
        sys.stdout.write("No stack is changed\n")
        return 0
    files = [Path(file) for file in arguments.output]
    write_reports(made, arguments.format, files, _stack_file_errors(made, Path.cwd()))
    return _worst(made)


def _stack_file_errors(reports: Sequence[Report], folder: Path) -> dict[str, list[Result]]:
    """The errors in the stack files whose preview failed, by stack."""
    from model_serving.check.check import STACK_FILE, as_results, check  # noqa: PLC0415

    return {
        report.stack: as_results([each for each in check(folder, [report.stack]) if each.rule == STACK_FILE])
        for report in reports
        if report.errors and has_file(folder, report.stack)
    }


def _reports(arguments: Namespace) -> list[Report]:
    from model_serving.delivery.removed_stacks import retired  # noqa: PLC0415
    from model_serving.review.assess.report import report  # noqa: PLC0415
    from model_serving.review.plan.events import read_digest, read_events  # noqa: PLC0415  see above
    from model_serving.review.plan.run import preview  # noqa: PLC0415
    from model_serving.spec.files.declarations import declared_in  # noqa: PLC0415

    folder = Path.cwd()
    previews = [read_events(Path(file)) for file in arguments.events]
    previews += [read_digest(Path(file)) for file in arguments.preview]
    for stack in _chosen(arguments, folder) if not previews else ():
        if has_file(folder, stack):
            previews.append(preview(stack, folder, arguments.policy_pack, refresh=arguments.refresh))
        else:
            previews.append(retired(stack, folder, arguments.base or arguments.changed_since or ""))
    stamp = _stamp(arguments, folder)
    return [report(each, declared_in(each.stack, folder / "stacks"), stamp) for each in previews]


def _chosen(arguments: Namespace, folder: Path) -> list[str]:
    if arguments.changed_since:
        changed = changed_stacks(folder, arguments.changed_since)
        _note(changed.note)
        return [*changed.stacks, *changed.deleted]
    if not arguments.stack:
        ways = "--stack NAME, --changed-since REF, --events FILE or --preview FILE"
        raise UsageError(f"Which stack? Give {ways}. Stacks here: {', '.join(stacks(folder)) or 'none'}")
    return list(arguments.stack)


def _stamp(arguments: Namespace, folder: Path) -> Stamp:
    since = arguments.base or arguments.changed_since
    base = commit(folder, since) if since else ""
    return Stamp(base=base, head=commit(folder, "HEAD"), run=arguments.run_url or _run_url(os.environ))


def _run_url(environment: Mapping[str, str]) -> str:
    """The address of the pipeline's run, as GitHub and GitLab tell it to their jobs."""
    if run := environment.get("GITHUB_RUN_ID"):
        return f"{environment['GITHUB_SERVER_URL']}/{environment['GITHUB_REPOSITORY']}/actions/runs/{run}"
    return environment.get("CI_PIPELINE_URL", "")


def _worst(made: Sequence[Report]) -> int:
    verdicts = {each.verdict for each in made}
    return next(
        verdict for verdict in (Verdict.FAILED, Verdict.APPROVAL, Verdict.FINE) if verdict in verdicts
    ).exit_status


def stacks_command(arguments: Namespace) -> int:
    """`stacks`: the changed stacks, for a pipeline to spread over its jobs."""
    import json  # noqa: PLC0415  only here

    folder = Path.cwd()
    names = _changed(folder, arguments) if arguments.changed_since else stacks(folder)
    if arguments.deployed:
        names = [name for name in names if not on_this_machine(folder, name)]
    sys.stdout.write((json.dumps(names) if arguments.format == "json" else "\n".join(names)) + "\n")
    return 0


def _changed(folder: Path, arguments: Namespace) -> list[str]:
    """The changed stacks. Those whose file is deleted are listed only where that is asked for, and never silently."""
    from model_serving.delivery.removed_stacks import way_out  # noqa: PLC0415

    since = arguments.changed_since
    changed = changed_stacks(folder, since)
    _note(changed.note)
    deleted = changed.deleted
    if arguments.deployed:
        deleted = tuple(name for name in deleted if not on_this_machine(folder, name, deleted_since=since))
    for name in deleted:
        _note(way_out(folder, name, since))
    return [*changed.stacks, *(deleted if arguments.with_deleted else ())]


def _note(sentence: str) -> None:
    """What a person should know, beside the result."""
    if sentence:
        sys.stderr.write(f"{sentence}\n")


def check_command(arguments: Namespace) -> int:
    """`check`: every mistake in the stack files, and every rule that they break."""
    from model_serving.check.check import check  # noqa: PLC0415  what is not needed is not imported: it has to be instant
    from model_serving.check.output import shown  # noqa: PLC0415

    found = check(Path.cwd(), arguments.stack)
    text = shown(found, arguments.format)
    if arguments.output:
        Path(arguments.output).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 1 if any(each.level == "mandatory" for each in found) else 0


def comment_command(arguments: Namespace) -> int:
    """`comment`: put a report on its pull request, or read from there what was reviewed."""
    from model_serving.delivery.forge import forge, reviewed_digest  # noqa: PLC0415
    from model_serving.review.render.markdown import marker  # noqa: PLC0415

    comments, mark = forge().comments(arguments.pull_request), marker(arguments.stack)
    if arguments.digest:
        sys.stdout.write(reviewed_digest(comments.get(mark)) + "\n")
    else:
        done = comments.put(mark, Path(arguments.file).read_text(encoding="utf-8"))
        sys.stdout.write(f"Comment for {arguments.stack} {done}\n")
    return 0


def issue_command(arguments: Namespace) -> int:
    """`issue`: a nightly report as an issue; closed where the report has nothing to say."""
    from model_serving.delivery.forge import forge  # noqa: PLC0415
    from model_serving.review.render.markdown import marker  # noqa: PLC0415

    issues, mark = forge().issues(), marker(arguments.stack)
    text = Path(arguments.file).read_text(encoding="utf-8")
    done = issues.close(mark) if arguments.close else issues.put(mark, text, f"{arguments.stack} was changed outside")
    sys.stdout.write(f"Issue for {arguments.stack}: {done}\n")
    return 0


def merged_command(arguments: Namespace) -> int:
    """`merged`: the number of the pull request that brought a commit."""
    from model_serving.delivery.forge import forge  # noqa: PLC0415

    sys.stdout.write(f"{forge().merged_by(arguments.commit)}\n")
    return 0


def deploy_command(arguments: Namespace) -> int:
    """`deploy`: `up` of exactly what was reviewed."""
    from model_serving.delivery.deploy import deploy  # noqa: PLC0415
    from model_serving.delivery.removed_stacks import missing_file  # noqa: PLC0415
    from model_serving.review.render.terminal import text  # noqa: PLC0415

    if not has_file(Path.cwd(), arguments.stack):
        raise missing_file(Path.cwd(), arguments.stack)
    outcome = deploy(arguments.stack, Path.cwd(), arguments.policy_pack, arguments.reviewed)
    if not outcome.tried:
        sys.stdout.write(text([outcome.report]))
    sys.stdout.write(f"{outcome.message}\n")
    return 0 if outcome.deployed else 1


def promote_command(arguments: Namespace) -> int:
    """`promote`: what differs between two environments, and the patch that carries it over."""
    from model_serving.delivery.promote import promotion  # noqa: PLC0415
    from model_serving.delivery.promote_text import told  # noqa: PLC0415

    found = promotion(
        arguments.source, arguments.target, Path.cwd() / "stacks", arguments.include, state=arguments.state
    )
    if arguments.output:
        Path(arguments.output).write_text(found.patch, encoding="utf-8")
    sys.stdout.write(told(found, with_patch=not arguments.output))
    return 0
