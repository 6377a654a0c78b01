"""The rule that reports invalid, expired and unused waivers."""

from model_serving.databricks.resource_types import STACK
from model_serving.policies.pack.rule import Rule, no_check
from model_serving.policies.pack.waivers import RULE

waivers = Rule(
    name=RULE,
    description="Waivers are complete and have not expired.",
    level="mandatory",
    types=(STACK,),
    check=no_check,  # `Waivers.apply` adds the violations
    why="An exception without an owner and an end disables a rule.",
    passes="A waiver until its `expires`. Each use is reported as advisory, and so is a waiver that waives nothing.",
    fails="A waiver that has expired, has missing or unknown fields, or names a rule that doesn't exist or can't "
    "be waived.",
    waivable=False,
)
