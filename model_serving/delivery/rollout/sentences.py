"""What people read of rollouts: the steps ahead, how a run ended, and what to do next."""

from collections.abc import Sequence

from model_serving.delivery.rollout.course import Course, PlannedRollout, is_same_split
from model_serving.measures import duration_text
from model_serving.spec.rollout_record import Record, Status, split_text


def steps_ahead(rollout: PlannedRollout) -> str:
    """A line for each split that follows, with how long it bakes; or where a failed rollout still has to go back to."""
    record = rollout.unfinished
    if record and record.status is Status.GOING_BACK:
        what = f"{rollout.key} serves {split_text(rollout.live)} and goes back to {split_text(record.split)}"
        return f"{what}: its rollout failed at {record.reason}"
    *steps, target = rollout.splits or [dict(rollout.target)]
    bake = duration_text(rollout.declared.bake)
    lines = [f"{rollout.key} serves {split_text(rollout.live)} and goes to"]
    lines += [f"  {split_text(each)}, for {bake}" for each in steps]
    return "\n".join([*lines, f"  {split_text(target)}"])


def failed_before(key: str, failure: Record) -> str:
    """That a rollout of this target has failed before."""
    when = failure.entries[-1].time[:16].replace("T", " ") if failure.entries else ""
    return (
        f"The rollout of {key} to {split_text(failure.target)} failed on {when} UTC at {failure.reason}."
        f" {key} {failure.where_it_is}"
    )


def start_again(stack: str, digest: str) -> str:
    """How a failed rollout is started again."""
    return f"""After a fix in the model or in the stack file, deploy that as usual. To start the same rollout again:
  model-serving deploy --stack {stack} --reviewed {digest} --again"""


def ended(course: Course) -> str:
    """How the rollout of one endpoint ended."""
    record, serves = course.record, split_text(course.live)
    if course.stuck:
        return (
            f"{course.key} failed at {record.reason}, and could not go back: {course.stuck}. It serves {serves}."
            " To go back, run the same command again"
        )
    if record.status is Status.FAILED:
        again = "" if record.is_judged else ". To try again, run the same command"
        return f"{course.key} failed at {record.reason}. It serves {serves}{again}"
    return f"{course.key} serves {serves}"


def stopped(courses: Sequence[Course], stack: str) -> str:
    """That somebody else has taken over."""
    keys = ", ".join(each.key for each in courses)
    return (
        f"Stopped: another run has gone on with the rollout of {keys}, or has ended it. This one changes nothing any"
        f" more. What serves now: model-serving status --stack {stack}"
    )


def where(courses: Sequence[Course]) -> str:
    """Where each endpoint is, for who interrupts the run."""
    return "; ".join(map(_where, courses))


def _where(course: Course) -> str:
    if course.record.status.is_over or not course.record.step or is_same_split(course.live, course.record.split):
        return f"{course.key} serves {split_text(course.live)}"
    return f"{course.key} was on its way from {split_text(course.live)} to {split_text(course.record.split)}"
