"""A token's last use is the newest of its uses, and stands nowhere else.

The columns that it stood in stay for one release more, because the release before asks for them.
"""

from importlib import import_module

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SEARCH = import_module("tokens.migrations.0008_search")
# Those whose uses were pruned, and those without an address, which no use was kept of.
REMEMBER = """
    INSERT INTO tokens_use (token_id, address, client, first_at, last_at, count)
    SELECT id, COALESCE(last_used_address, '::'), last_used_client, last_used_at, last_used_at, 1
    FROM tokens_token
    WHERE last_used_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM tokens_use WHERE token_id = tokens_token.id AND last_at >= last_used_at
    )
    ON CONFLICT (token_id, address, client) DO UPDATE SET last_at = excluded.last_at
"""


def remember(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(REMEMBER)


def search_again(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """SQLite alters a column by copying the table, and forgets its triggers with the old one."""
    if schema_editor.connection.vendor == "sqlite":
        for statement in SEARCH.SQLITE:
            if "CREATE TRIGGER" in statement:
                schema_editor.execute(statement)


def answer_alone(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """PostgreSQL starts a second process for a list of what was never used: that takes longer."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE tokens_token SET (parallel_workers = 0)")


class Migration(migrations.Migration):
    dependencies = [("tokens", "0013_time_zones")]

    operations = [
        migrations.RunPython(remember),
        migrations.AlterField(
            model_name="token",
            name="last_used_client",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.RunPython(search_again),
        migrations.RunPython(answer_alone),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="token", name="last_used_at"),
                migrations.RemoveField(model_name="token", name="last_used_address"),
                migrations.RemoveField(model_name="token", name="last_used_client"),
            ]
        ),
    ]
