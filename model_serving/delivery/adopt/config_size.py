"""Whether the configuration of a stack fits into what Pulumi hands to a policy pack.

The engine passes the whole configuration as JSON in the environment variable PULUMI_CONFIG (sdk/go/common/resource/
plugin/analyzer_plugin.go and provider_plugin.go, 3.220), and Linux allows 128 KiB for one variable (MAX_ARG_STRLEN in
execve(2)). A preview with a larger one ends with "argument list too long".
"""

import json
from typing import Any, Final

import yaml

from model_serving.errors import UserError
from model_serving.spec.field_path import CONFIG

_MOST_BYTES: Final = 128 * 1024
_RESERVED: Final = 4 * 1024
"""For the name of the variable, and for what Pulumi.yaml and the shell configure."""


def require_fitting(text: str, file: str) -> None:
    """Raise UserError if no policy pack could get the configuration of a stack file with this text."""
    config: Any = (yaml.load(text, yaml.CSafeLoader) or {}).get(CONFIG) or {}
    values = {key: _text(each) for key, each in config.items()}
    size = len(json.dumps(values, ensure_ascii=False).encode())
    if size > _MOST_BYTES - _RESERVED:
        raise UserError(
            f"{file} would have {size // 1024} KiB of configuration, and Pulumi can hand {_MOST_BYTES // 1024} KiB to a"
            " policy pack. Adopt the endpoints into several stacks: --name selects some of them"
        )


def _text(value: Any) -> str:
    """A value of the configuration as Pulumi keeps it: a map as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
