"""Drift reports for tests of what is printed, with every condition and every kind of value."""

from model_serving.operations.drift.report import (
    Condition,
    DriftReport,
    FieldDrift,
    Kind,
    Origin,
    Orphan,
    OrphanKind,
    ResourceDrift,
    Trace,
    WorkspaceDrift,
)

HOST = "https://prod.cloud.databricks.example"
NIGHT = 1_795_310_220.0

SCORER = ResourceDrift(
    Kind.ENDPOINT,
    "prod-fraud-scorer",
    Condition.DRIFTED,
    "prod",
    "fraud-scorer",
    ("endpoints", "fraud-scorer"),
    fields=(
        FieldDrift(("traffic",), {"champion": 95, "challenger": 5}, {"champion": 50, "challenger": 50}, Origin.OUTSIDE),
        FieldDrift(("tags", "team"), "risk", None, Origin.OUTSIDE),
        FieldDrift(
            ("permissions", "group analysts"), None, "CAN_MANAGE", Origin.OUTSIDE, "no stack file names the group"
        ),
    ),
    id="3fa34fdfb34b477d8cb6bfac62808779",
    creator="deployer@example.com",
    traces=(Trace("updateServingEndpointConfig", "ann@example.com", NIGHT - 3_600, "system.access.audit"),),
)
MISSING = ResourceDrift(
    Kind.ENDPOINT,
    "prod-iris",
    Condition.MISSING,
    "prod",
    "iris",
    ("endpoints", "iris"),
    reason="it is not in the workspace",
)
STOPPED = ResourceDrift(
    Kind.ENDPOINT,
    "prod-night",
    Condition.STOPPED,
    "prod",
    "night",
    ("endpoints", "night"),
    fields=(FieldDrift(("stopped",), False, True, Origin.OUTSIDE),),
)
FAILED = ResourceDrift(
    Kind.ENDPOINT,
    "prod-ranker",
    Condition.FAILED,
    "prod",
    "ranker",
    ("endpoints", "ranker"),
    reason="The last update failed; what served before still does",
)
ELSEWHERE = ResourceDrift(
    Kind.ENDPOINT,
    "prod-shared",
    Condition.OTHER_STACK,
    "prod",
    "shared",
    ("endpoints", "shared"),
    owner="prod-eu",
    reason="the state of prod-eu has it",
)
RECREATED = ResourceDrift(
    Kind.ENDPOINT,
    "prod-again",
    Condition.DRIFTED,
    "prod",
    "again",
    ("endpoints", "again"),
    fields=(FieldDrift(("id",), "a" * 32, "b" * 32, Origin.OUTSIDE),),
)
PENDING = ResourceDrift(
    Kind.ENDPOINT,
    "prod-pending",
    Condition.DRIFTED,
    "prod",
    "pending",
    ("endpoints", "pending"),
    fields=(
        FieldDrift(("served_entities", "one", "version"), "8", "7", Origin.NOT_DEPLOYED),
        FieldDrift(("served_entities", "one", "environment_vars", "TOKEN"), "[secret]", "[secret]", Origin.OUTSIDE),
    ),
)
UNREADABLE = ResourceDrift(
    Kind.ENDPOINT,
    "prod-private",
    Condition.NOT_READABLE,
    "prod",
    "private",
    ("endpoints", "private"),
    reason="You may not view it: PERMISSION_DENIED",
)
UNDECLARED = ResourceDrift(
    Kind.ENDPOINT, "prod-old", Condition.UNDECLARED, "prod", "old", reason="In the state, and no longer in the files"
)
NEW = ResourceDrift(Kind.ENDPOINT, "prod-new", Condition.NOT_DEPLOYED, "prod", "new", ("endpoints", "new"))
CALLER = ResourceDrift(
    Kind.SERVICE_PRINCIPAL,
    "checkout-app",
    Condition.MISSING,
    "prod",
    "checkout",
    ("service_principals", "checkout"),
    reason="It was deleted outside of the stack: its callers get 401",
)
OF_A_TEAM = tuple(
    ResourceDrift(Kind.ENDPOINT, f"playground-{n}", Condition.MADE_BY_HAND, creator=f"user{n}@example.com")
    for n in range(3)
)
TAGGED = tuple(
    ResourceDrift(
        Kind.ENDPOINT,
        f"prod-batch-{n}",
        Condition.DRIFTED,
        "prod",
        f"batch-{n}",
        ("endpoints", f"batch-{n}"),
        fields=(FieldDrift(("tags", "managed_by"), "pulumi", None, Origin.OUTSIDE),),
    )
    for n in range(30)
)
CLEAN = tuple(
    ResourceDrift(Kind.ENDPOINT, f"prod-{n}", Condition.AS_DECLARED, "prod", str(n), ("endpoints", str(n)))
    for n in range(11)
)
LEFT = (
    Orphan(
        OrphanKind.OAUTH_SECRET,
        "prod",
        "checkout",
        "4711",
        "the state doesn't have it, and it can be used",
        "databricks service-principal-secrets delete 8812 4711",
        NIGHT - 864_000,
    ),
    Orphan(
        OrphanKind.PERMISSION, "prod", "prod-fraud-scorer", "user gone@example.com CAN_QUERY", "there is no such user"
    ),
)
NOTES = ("Who changed a tag is not in the endpoint's answer; system.access.audit has it, with a SQL warehouse",)

EVERYTHING = DriftReport(
    (
        WorkspaceDrift(
            HOST,
            ("prod",),
            (
                *CLEAN,
                *TAGGED,
                SCORER,
                MISSING,
                STOPPED,
                FAILED,
                ELSEWHERE,
                RECREATED,
                PENDING,
                UNREADABLE,
                UNDECLARED,
                NEW,
                CALLER,
                *OF_A_TEAM,
            ),
            LEFT,
            ("The secret scope callers can't be read: you need READ on it",),
            NOTES,
            calls=61,
        ),
    ),
    NIGHT,
    0.84,
    is_whole_workspace=True,
)


def report_of(*resources: ResourceDrift, orphans: tuple[Orphan, ...] = (), host: str = HOST) -> DriftReport:
    """The report on one stack with these resources."""
    return DriftReport((WorkspaceDrift(host, ("prod",), resources, orphans, calls=3),), NIGHT, 0.12)


NOTHING_DIFFERS = report_of(*CLEAN)
