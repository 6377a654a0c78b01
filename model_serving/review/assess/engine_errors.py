"""The errors of a preview, without those that repeat or follow another."""

from model_serving.review.plan.preview import Preview

_ECHOES = ("preview failed", "an unhandled error occurred: program exited with non-zero exit code")
"""What the engine adds to an error that it has reported already."""
_CANCELLED = "context canceled"
"""The end of a call that a refused run no longer waited for. Newer engines report one for each that was under way."""


def engine_errors(preview: Preview) -> tuple[str, ...]:
    """What went wrong; empty if a policy alone refuses the change, which is no error."""
    errors = tuple(each for each in preview.errors if not each.startswith(_ECHOES) and not each.endswith(_CANCELLED))
    if errors or any(violation.mandatory for violation in preview.violations):
        return errors
    return preview.errors or (() if preview.complete else ("The preview ended before it was complete",))
