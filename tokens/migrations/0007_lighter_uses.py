"""Uses and last uses change no index, and on PostgreSQL stay on the page where they are."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def leave_room(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For the next version of a row beside it; pages that are full already get none."""
    if schema_editor.connection.vendor == "postgresql":
        for table in ("tokens_token", "tokens_use"):
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = 80)")


class Migration(migrations.Migration):
    dependencies = [
        ("tokens", "0006_reviews"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="use",
            name="uses_by_age",
        ),
        migrations.AlterField(
            model_name="token",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tokens",
                to="tokens.company",
            ),
        ),
        migrations.AlterField(
            model_name="use",
            name="token",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="uses",
                to="tokens.token",
            ),
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
