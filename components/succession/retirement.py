"""Whether an endpoint may be retired: nobody has called it for the time that the stack file demands."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pulumi

from model_serving.components.engine.resource_log import log_of
from model_serving.components.succession.recorded_families import Retirement
from model_serving.contract.message_parts import MessageParts
from model_serving.databricks.client import connect
from model_serving.databricks.errors import WorkspaceError
from model_serving.databricks.serving_endpoints import endpoint_path, is_ready, is_stopped
from model_serving.databricks.usage.read import TIMEOUT_SECONDS, requests_since
from model_serving.databricks.usage.sentences import coverage, requesters_text, requests_text
from model_serving.databricks.usage.usage import Kind, Usage
from model_serving.spec.succession import PREDECESSOR


class RetirementRefusedError(Exception):
    """The endpoint may not be deleted now. The message is for the user."""


def require_quiet(
    retired: Retirement,
    settings: Mapping[str, Any],
    since: datetime,
    warehouse: str,
    *,
    stack: str,
    is_preview: bool,
    urn: str = "",
) -> None:
    """Raise RetirementRefusedError if the endpoint was called since that time, or if that can't be known.

    The endpoint that stays must be ready first. Nothing is read where `replace_id` has the id, and an endpoint that is
    stopped or gone receives no requests. What the sources cover is logged as about the resource of `urn`. In a preview,
    whose caller may have fewer rights, it is a warning that nothing could be read.
    """
    name, heir = retired.member.name, retired.heir
    if retired.member.endpoint_id and heir.endpoint.replace_id == retired.member.endpoint_id:
        return
    try:
        workspace = connect(settings)
        live, stays = (workspace.find(endpoint_path(each)) for each in (name, heir.name))
    except WorkspaceError as error:
        reason = f"The workspace did not say whether it is called: {error}"
        _unknown(retired, reason, stack, urn, is_preview=is_preview)
        return
    if live is None or is_stopped(live):
        return
    if retired.member.endpoint_id and live.get("id") != retired.member.endpoint_id:
        raise RetirementRefusedError(_another(retired, live, stack))
    if not heir.endpoint.stopped and not (stays and is_ready(stays)):
        raise RetirementRefusedError(_no_heir(retired, stack))
    usage = requests_since(workspace, live, since, warehouse, waiting=_Waiting(name))
    if not usage.is_quiet:
        raise RetirementRefusedError(_called(retired, usage, stack))
    if usage.has_any or not is_ready(live):
        _report(usage, urn)
    else:
        _unknown(retired, " ".join(coverage(usage)), stack, urn, is_preview=is_preview)


def _report(usage: Usage, urn: str) -> None:
    """Log what is known of the time: as a warning where no table has a part of it."""
    tables = [each for each in usage.readings if each.kind is not Kind.METRICS and not each.problem]
    known = " ".join([f'Endpoint "{usage.endpoint}" can be retired: {requests_text(usage)}.', *coverage(usage)])
    log_of(urn, "info" if any(each.end > usage.since for each in tables) else "warn", known)


class _Waiting:
    """Says once that a warehouse starts."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint, self._is_said = endpoint, False

    def __call__(self, _state: str, _seconds: float) -> None:
        if not self._is_said:
            minutes = TIMEOUT_SECONDS / 60
            pulumi.log.info(
                f'Waiting until the SQL warehouse says who called endpoint "{self._endpoint}", for at most'
                f" {minutes:.0f} minutes"
            )
        self._is_said = True


def _called(retired: Retirement, usage: Usage, stack: str) -> str:
    who = requesters_text(usage)
    message = f'Endpoint "{retired.member.name}" can\'t be retired: {requests_text(usage)}{f", {who}" if who else ""}.'
    return _refusal(retired, "\n".join([message, *(f"  {each}" for each in coverage(usage))]), stack)


def _no_heir(retired: Retirement, stack: str) -> str:
    heir = retired.heir
    message = f'Endpoint "{retired.member.name}" can\'t be retired: "{heir.name}", which stays, is not ready.'
    why = f"Why it is not: `model-serving status {heir.key} --stack {stack}`"
    return str(MessageParts(message, (PREDECESSOR,), (why, *_fixes(retired, stack))))


def _another(retired: Retirement, live: Mapping[str, Any], stack: str) -> str:
    message = (
        f'Endpoint "{retired.member.name}" can\'t be retired: it was deleted and created again outside of Pulumi, by'
        f" {live.get('creator') or 'somebody'}. Its id is {live.get('id')}, and this stack's was"
        f" {retired.member.endpoint_id}."
    )
    fix = f"If it may be deleted, run `pulumi refresh --stack {stack}`, and then this again"
    return str(MessageParts(message, (PREDECESSOR,), (fix,)))


def _unknown(retired: Retirement, reason: str, stack: str, urn: str, *, is_preview: bool) -> None:
    message = f'Whether endpoint "{retired.member.name}" may be retired is not known. {reason}'
    if not is_preview:
        raise RetirementRefusedError(_refusal(retired, message, stack))
    log_of(urn, "warn", f"{message} `up` asks again, and refuses if that stays so")


def _refusal(retired: Retirement, message: str, stack: str) -> str:
    return str(MessageParts(message, (PREDECESSOR,), tuple(_fixes(retired, stack))))


def _fixes(retired: Retirement, stack: str) -> Iterator[str]:
    name, heir = retired.member.name, retired.heir
    written = name.removeprefix(heir.prefix)
    yield (
        f'Declare `predecessor: {{name: {written}, ...}}` again until its callers use "{heir.name}". Who still calls'
        f" it: `model-serving migrate {heir.key} --status --stack {stack}`"
    )
    yield (
        f"To cut its callers off: `replace_id: {retired.member.endpoint_id}` on the endpoint in the stack's own file."
        " It allows this deletion only; remove the line afterwards"
    )
