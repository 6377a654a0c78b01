"""The migrations of the database by name, in their order. Each is applied and recorded in one transaction."""

from typing import Final

MIGRATIONS: Final[dict[str, str]] = {
    "records": """
        CREATE TABLE records (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            body TEXT NOT NULL,
            UNIQUE (kind, key)
        );
    """,
    "counters": "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);",
    "journal": "CREATE TABLE journal (sequence INTEGER PRIMARY KEY AUTOINCREMENT, is_write INTEGER, body TEXT);",
    "tables": """
        CREATE TABLE table_rows (sequence INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, body TEXT);
        CREATE INDEX table_names ON table_rows (name);
    """,
    "find records by id": "CREATE INDEX record_ids ON records (kind, json_extract(body, '$.id'));",
    "find identities by name": """
        CREATE INDEX record_user_names ON records (kind, json_extract(body, '$.userName'));
        CREATE INDEX record_application_ids ON records (kind, json_extract(body, '$.applicationId'));
    """,
}
