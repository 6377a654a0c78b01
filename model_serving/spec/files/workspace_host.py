"""The workspace that a stack's own file names."""

from pathlib import Path

from model_serving.spec.files.yaml_locations import read


def workspace_host(file: Path) -> str | None:
    """`databricks:host` of a stack file; None where the file is missing, unreadable or names none."""
    document = read(file).data
    config = document.get("config") if isinstance(document, dict) else None
    host = config.get("databricks:host") if isinstance(config, dict) else None
    return host if isinstance(host, str) else None
