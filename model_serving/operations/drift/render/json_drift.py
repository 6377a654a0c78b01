"""The report for programs. Members are added, never renamed; `version` counts incompatible changes."""

from typing import Any, Final

from model_serving.measures import utc_text
from model_serving.operations.drift.render.blocks import counts
from model_serving.operations.drift.report import DriftReport, FieldDrift, Orphan, ResourceDrift, WorkspaceDrift

VERSION: Final = 1


def json_drift(report: DriftReport) -> dict[str, Any]:
    """The whole report, what is as declared included. Values that may be secret are replaced already."""
    return {
        "version": VERSION,
        "time": utc_text(report.time),
        "seconds": round(report.seconds, 3),
        "exit_status": report.exit_status,
        "whole_workspace": report.is_whole_workspace,
        "workspaces": [_workspace(each) for each in report.workspaces],
    }


def _workspace(workspace: WorkspaceDrift) -> dict[str, Any]:
    return {
        "host": workspace.host,
        "stacks": list(workspace.stacks),
        "counts": {condition.value: count for condition, count in counts(workspace)},
        "resources": [_resource(each) for each in workspace.resources],
        "orphans": [_orphan(each) for each in workspace.orphans],
        "unread": list(workspace.unread),
        "notes": list(workspace.notes),
        "calls": workspace.calls,
    }


def _resource(resource: ResourceDrift) -> dict[str, Any]:
    return {
        "kind": resource.kind.value,
        "name": resource.name,
        "stack": resource.stack or None,
        "key": resource.key or None,
        "path": list(resource.path),
        "condition": resource.condition.value,
        "is_drift": resource.condition.is_drift,
        "recreated": resource.is_recreated,
        "fields": [_field(each) for each in resource.fields],
        "reason": resource.reason or None,
        "id": resource.id or None,
        "creator": resource.creator or None,
        "owner": resource.owner or None,
        "traces": [{**vars(each), "when": utc_text(each.when)} for each in resource.traces],
    }


def _field(field: FieldDrift) -> dict[str, Any]:
    return {
        "name": field.name,
        "path": list(field.shown_path),
        "declared": field.declared,
        "live": field.live,
        "origin": field.origin.value,
        "note": field.note or None,
    }


def _orphan(orphan: Orphan) -> dict[str, Any]:
    return {**vars(orphan), "kind": orphan.kind.value, "removal": orphan.removal or None, "when": utc_text(orphan.when)}
