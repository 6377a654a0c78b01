"""The rule that speaks for waivers: what is wrong with them, and those that are over or of no use."""

from model_serving.databricks.resource_types import STACK
from model_serving.policies.pack.rule import Rule, no_check
from model_serving.policies.pack.waivers import RULE

waivers = Rule(
    name=RULE,
    description="Waivers name a resource, a rule, a reason, an owner and the day on which they end.",
    level="mandatory",
    types=(STACK,),
    check=no_check,  # the service adds what the waivers themselves have to say
    why="An exception that nobody owns and that never ends is a rule that is gone.",
    passes="A waiver that excuses something until its day; each use of one is told. One that excuses nothing is told.",
    fails="A waiver that has expired, has a field too few or too many, or names a rule that isn't there or can't be "
    "waived.",
    waivable=False,
)
