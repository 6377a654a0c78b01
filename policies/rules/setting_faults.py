"""The rule that reports mistakes in the settings of the rules."""

from model_serving.databricks.resource_types import STACK
from model_serving.policies.pack.configuration import RULE
from model_serving.policies.pack.rule import Rule, no_check

policy_settings = Rule(
    name=RULE,
    description="Settings of the rules in the stack files are valid.",
    level="mandatory",
    types=(STACK,),
    check=no_check,  # the pack's service adds the violations
    why="A rule with a misspelled setting is weaker than its owner believes.",
    passes="Known rules, levels and settings under `model-serving:policies`.",
    fails="Anything else there. The message has the file and the line.",
    waivable=False,
)
