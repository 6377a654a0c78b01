"""What a reading of requests says, in sentences for messages."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from model_serving.databricks.usage.usage import Kind, Reading, Usage

_MOST_NAMED: Final = 5
_MINUTE: Final = "%Y-%m-%d %H:%M UTC"


def requests_text(usage: Usage) -> str:
    """`37 requests since 2026-11-22 11:00 UTC, the last at 2026-11-22 11:58 UTC`; `no request since ... is known`."""
    since = f"since {usage.since:{_MINUTE}}"
    if usage.is_quiet:
        return f"no request {since} is known"
    last = f", the last at {usage.last:{_MINUTE}}" if usage.last else ""
    return f"{_number(usage.requests)} {since}{last}"


def requesters_text(usage: Usage) -> str:
    """`from checkout (30), ann@example.com (7)`, and how many more there are; empty where no source says who."""
    named = [each for each in usage.requesters if each.name]
    if not named:
        return ""
    shown = ", ".join(f"{each.name} ({each.requests})" for each in named[:_MOST_NAMED])
    more = len(named) - _MOST_NAMED
    return f"from {shown}" + (f" and {more} more" if more > 0 else "")


def coverage(usage: Usage) -> Iterator[str]:
    """One sentence for each source: which time it covers, or why it could not be read."""
    for reading in usage.readings:
        yield _covers(reading, usage.since)
    if not any(each.kind is not Kind.METRICS for each in usage.readings):
        yield (
            "The endpoint has neither an inference table nor usage tracking, so nothing before its last full minute is"
            " known."
        )


def _covers(reading: Reading, since: datetime) -> str:
    if reading.problem:
        return f"{reading.problem}."
    if reading.kind is Kind.METRICS:
        return f"The metrics have the last full minute, until {reading.end:{_MINUTE}}: {_number(reading.requests)}."
    delay = (
        "Databricks delivers requests within an hour"
        if reading.kind is Kind.INFERENCE_TABLE
        else "Databricks updates system tables throughout the day"
    )
    if reading.end <= since:
        return f"{reading.source} may lack requests of this time: {delay}. So far it has {_number(reading.requests)}."
    until = f"{reading.end:{_MINUTE}}"
    return f"{reading.source} has all requests until {until}, and {_number(reading.requests)} so far: {delay}."


def _number(requests: int) -> str:
    return f"{requests} request" if requests == 1 else f"{requests} requests" if requests else "no requests"
