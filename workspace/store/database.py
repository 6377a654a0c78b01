"""The workspace's database, one SQLite file: JSON records by kind and key, counters, tables and the journal.

An acknowledged write survives a kill of the process: each `atomic()` block is one transaction of a write-ahead log, and
the response is sent after its commit.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from model_serving.workspace.store.migrations import MIGRATIONS

Json: TypeAlias = dict[str, Any]
Member: TypeAlias = Literal["id", "userName", "applicationId"]

JOURNAL_LIMIT: Final = 10_000
ROW_LIMIT: Final = 10_000
TRIM_INTERVAL: Final = 500


class Store:
    """One connection, used by the event loop's thread only, so that handlers never interleave."""

    def __init__(self, database: Path | Literal[":memory:"]) -> None:
        if isinstance(database, Path):
            database.parent.mkdir(parents=True, exist_ok=True)
            database.touch(mode=0o600)
        self.connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=NORMAL")
        self.connection.execute("PRAGMA busy_timeout=5000")
        self._migrate()

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Commits all writes of the block, or none. A nested block is part of the outer one."""
        if self.connection.in_transaction:
            yield
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def get(self, kind: str, key: str) -> Json | None:
        row = self.connection.execute("SELECT body FROM records WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else json.loads(row[0])

    def find(self, kind: str, member: Member, value: str) -> Json | None:
        """The record of that kind whose top-level member, one of the indexed ones, has that value."""
        # `member` is a Literal; a parameter in its place would not use the index
        query = f"SELECT body FROM records WHERE kind = ? AND json_extract(body, '$.{member}') = ?"  # noqa: S608
        row = self.connection.execute(query, (kind, value)).fetchone()
        return None if row is None else json.loads(row[0])

    def all(self, kind: str) -> list[Json]:
        """Every record of that kind, oldest first."""
        rows = self.connection.execute("SELECT body FROM records WHERE kind = ? ORDER BY sequence", (kind,))
        return [json.loads(body) for (body,) in rows]

    def size(self, kind: str) -> int:
        """The number of records of that kind."""
        return int(self.connection.execute("SELECT count(*) FROM records WHERE kind = ?", (kind,)).fetchone()[0])

    def put(self, kind: str, key: str, body: Json) -> Json:
        with self.atomic():
            self.connection.execute(
                "INSERT INTO records (kind, key, body) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(body)),
            )
        return body

    def delete(self, kind: str, key: str) -> bool:
        with self.atomic():
            return self.connection.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key)).rowcount > 0

    def count(self, name: str, start: int = 0) -> int:
        """Increments a counter, from `start`, and returns it."""
        with self.atomic():
            row = self.connection.execute(
                "INSERT INTO counters (name, value) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                (name, start),
            ).fetchone()
        return int(row[0])

    def counter(self, name: str) -> int:
        """The value of a counter without incrementing it, or 0."""
        row = self.connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def write_journal(self, entry: Json, *, is_write: bool) -> None:
        """Adds an entry. Old entries are deleted from time to time; reads never return them."""
        row = (int(is_write), json.dumps(entry))
        added = self.connection.execute("INSERT INTO journal (is_write, body) VALUES (?, ?)", row).lastrowid or 0
        if added % TRIM_INTERVAL == 0:
            self.connection.execute("DELETE FROM journal WHERE sequence <= ?", (added - JOURNAL_LIMIT,))

    def read_journal(self, *, writes_only: bool) -> list[Json]:
        rows = self.connection.execute(
            "SELECT body FROM journal WHERE is_write >= ? AND sequence > (SELECT max(sequence) FROM journal) - ?"
            " ORDER BY sequence",
            (int(writes_only), JOURNAL_LIMIT),
        )
        return [json.loads(body) for (body,) in rows]

    def recent_journal(self, limit: int) -> list[Json]:
        """The last entries without bodies, newest first."""
        rows = self.connection.execute(
            "SELECT json_remove(body, '$.body') FROM journal ORDER BY sequence DESC LIMIT ?", (limit,)
        )
        return [json.loads(body) for (body,) in rows]

    def clear_journal(self) -> None:
        with self.atomic():
            self.connection.execute("DELETE FROM journal")

    def add_row(self, table: str, row: Json) -> None:
        """Adds a row to a table of Unity Catalog, and deletes the oldest rows of all tables beyond the limit."""
        with self.atomic():
            self.connection.execute("INSERT INTO table_rows (name, body) VALUES (?, ?)", (table, json.dumps(row)))
            self.connection.execute(
                "DELETE FROM table_rows WHERE sequence <= (SELECT max(sequence) FROM table_rows) - ?", (ROW_LIMIT,)
            )

    def rows(self, table: str) -> list[Json]:
        rows = self.connection.execute("SELECT body FROM table_rows WHERE name = ? ORDER BY sequence", (table,))
        return [json.loads(body) for (body,) in rows]

    def tables(self) -> list[tuple[str, int]]:
        """The names of the tables that have rows, and their numbers of rows."""
        return list(self.connection.execute("SELECT name, count(*) FROM table_rows GROUP BY name ORDER BY name"))

    def _migrate(self) -> None:
        with self.atomic():
            self.connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
            done = {name for (name,) in self.connection.execute("SELECT name FROM migrations")}
            for name, script in MIGRATIONS.items():
                if name not in done:
                    for statement in filter(str.strip, script.split(";")):
                        self.connection.execute(statement)
                    self.connection.execute("INSERT INTO migrations (name) VALUES (?)", (name,))
