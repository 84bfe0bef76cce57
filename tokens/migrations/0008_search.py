"""Words are found in descriptions and usernames, and hints, without reading all of them."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

SQLITE = [
    """
    CREATE VIRTUAL TABLE tokens_search USING fts5(
        description, username, content='tokens_token', content_rowid='id', tokenize='trigram'
    )
    """,
    """
    CREATE TRIGGER tokens_search_insert AFTER INSERT ON tokens_token BEGIN
        INSERT INTO tokens_search(rowid, description, username)
        VALUES (NEW.id, NEW.description, NEW.username);
    END
    """,
    """
    CREATE TRIGGER tokens_search_update AFTER UPDATE OF description ON tokens_token BEGIN
        INSERT INTO tokens_search(tokens_search, rowid, description, username)
        VALUES ('delete', OLD.id, OLD.description, OLD.username);
        INSERT INTO tokens_search(rowid, description, username)
        VALUES (NEW.id, NEW.description, NEW.username);
    END
    """,
    """
    CREATE TRIGGER tokens_search_delete AFTER DELETE ON tokens_token BEGIN
        INSERT INTO tokens_search(tokens_search, rowid, description, username)
        VALUES ('delete', OLD.id, OLD.description, OLD.username);
    END
    """,
    "INSERT INTO tokens_search(tokens_search) VALUES ('rebuild')",
]
POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    # As Django asks when letters may be upper or lower.
    """
    CREATE INDEX tokens_search ON tokens_token USING gin
    (upper(description) gin_trgm_ops, upper(username) gin_trgm_ops)
    """,
]


def add_index(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    statements = {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("tokens", "0007_lighter_uses")]
    operations = [
        migrations.RunPython(add_index),
        migrations.AddIndex(
            model_name="secret",
            index=models.Index(fields=["hint"], name="secrets_by_hint"),
        ),
    ]
