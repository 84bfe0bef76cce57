"""May each migration run while the release before still serves?"""

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.migrating import objections

LOADER = MigrationLoader(None)
OURS = sorted(name for app, name in LOADER.disk_migrations if app == "tokens")


def state_before(name: str) -> ProjectState:
    return LOADER.project_state([("tokens", name)], at_end=False)


@pytest.mark.parametrize("name", OURS)
def test_the_release_before_goes_on(name: str) -> None:
    found = objections(LOADER.disk_migrations["tokens", name], state_before(name))
    assert not list(found)


def forgetting(
    operation: migrations.operations.base.Operation,
) -> migrations.SeparateDatabaseAndState:
    """What it takes away from the models stays in the database."""
    return migrations.SeparateDatabaseAndState(state_operations=[operation])


BREAKING = {
    "asks for it": [
        migrations.RemoveField("token", "description"),
        migrations.RenameField("token", "description", "about"),
        migrations.DeleteModel("review"),
        migrations.RenameModel("Review", "Look"),
        migrations.AlterModelTable("review", "looks"),
    ],
    "inserts rows without it": [
        migrations.AddField("token", "place", models.CharField(max_length=9, default="")),
        migrations.AlterField("token", "expires_at", models.DateTimeField()),
    ],
    "longer texts": [migrations.AlterField("token", "username", models.CharField(max_length=20))],
    "another type": [migrations.AlterField("token", "description", models.TextField())],
    "the same twice": [
        migrations.AlterField("token", "description", models.CharField(max_length=200, unique=True))
    ],
    "does not keep to it": [
        migrations.AddConstraint(
            "token", models.UniqueConstraint(fields=["description"], name="said_once")
        )
    ],
    "nobody has thought of": [
        migrations.RunSQL("SELECT 1"),
        migrations.SeparateDatabaseAndState([migrations.RunSQL("SELECT 1")]),
    ],
    "this release inserts rows without it": [
        forgetting(migrations.RemoveField("token", "username"))
    ],
    "only columns can be forgotten": [forgetting(migrations.DeleteModel("review"))],
}
QUIET = [
    migrations.AddField("token", "place", models.CharField(max_length=9, db_default="")),
    migrations.AddField("token", "seen_at", models.DateTimeField(null=True)),
    migrations.AlterField("token", "description", models.CharField(max_length=300)),
    migrations.AlterField("token", "description", models.CharField(max_length=200, null=True)),
    forgetting(migrations.RemoveField("token", "expires_at")),
    migrations.AddIndex("token", models.Index(fields=["description"], name="said")),
    migrations.CreateModel("Place", [("id", models.BigAutoField(primary_key=True))]),
]


def told(operation: migrations.operations.base.Operation) -> list[str]:
    migration = migrations.Migration("next", "tokens")
    migration.operations = [operation]
    return list(objections(migration, LOADER.project_state()))


@pytest.mark.parametrize(
    ("why", "operation"),
    [(why, operation) for why, those in BREAKING.items() for operation in those],
    ids=lambda part: part if isinstance(part, str) else part.describe(),
)
def test_what_would_break_it_is_told(
    why: str, operation: migrations.operations.base.Operation
) -> None:
    (objection,) = told(operation)
    assert why in objection


@pytest.mark.parametrize("operation", QUIET, ids=lambda operation: operation.describe())
def test_what_would_not_is_let_through(operation: migrations.operations.base.Operation) -> None:
    assert not told(operation)
