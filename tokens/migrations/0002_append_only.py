"""Events can only be appended: the database itself refuses anything else."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SQLITE = [
    *(
        f"""
        CREATE TRIGGER tokens_event_no_{deed} BEFORE {deed} ON tokens_event
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
        """
        for deed in ("update", "delete")
    ),
    # INSERT OR REPLACE deletes a row without firing the trigger of deletion.
    """
    CREATE TRIGGER tokens_event_no_replace BEFORE INSERT ON tokens_event
    WHEN EXISTS (
        SELECT 1 FROM tokens_event
        WHERE id = NEW.id OR (company = NEW.company AND sequence = NEW.sequence)
    )
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END
    """,
]
POSTGRESQL = [
    """
    CREATE FUNCTION tokens_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'events are append-only'; END $$
    """,
    """
    CREATE TRIGGER tokens_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tokens_event
    FOR EACH STATEMENT EXECUTE FUNCTION tokens_event_append_only()
    """,
]


def add_triggers(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    statements = {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("tokens", "0001_first")]
    # There is no way back: a trail that could be edited for a while proves nothing.
    operations = [migrations.RunPython(add_triggers)]
