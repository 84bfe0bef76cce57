"""Can the release before go on while a migration runs, and after it? What would stop it, by rule.

The code before knows no new column and no new rule: it inserts rows without them, and it asks for
every column that it knows.
"""

from collections.abc import Iterator

from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field

HARMLESS = (
    operations.CreateModel,
    operations.AddIndex,
    operations.RemoveIndex,
    operations.RemoveConstraint,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    # What a function does, nobody can see from here: its author answers for it.
    operations.RunPython,
)
GONE = (
    operations.RemoveField,
    operations.RenameField,
    operations.DeleteModel,
    operations.RenameModel,
    operations.AlterModelTable,
)


def objections(migration: Migration, state: ProjectState) -> Iterator[str]:
    """Why the release before would break; the state becomes that after the migration."""
    made = {
        operation.name_lower
        for operation in migration.operations
        if isinstance(operation, operations.CreateModel)
    }
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        # Of what is made in the same migration, the release before knows nothing.
        if getattr(operation, "model_name_lower", "") not in made:
            yield from _objections(operation, before, migration.app_label)


def _objections(operation: Operation, before: ProjectState, app: str) -> Iterator[str]:
    told = operation.describe()
    if isinstance(operation, GONE):
        yield f"{told}: the release before asks for it. Remove it one release later"
    elif isinstance(operation, operations.SeparateDatabaseAndState):
        yield from (f"{told}: {why}" for why in _not_left_alone(operation, before, app))
    elif isinstance(operation, operations.AddField):
        if not operation.field.null and not operation.field.has_db_default():
            yield f"{told}: the release before inserts rows without it. Give it a db_default"
    elif isinstance(operation, operations.AlterField):
        fields = before.models[app, operation.model_name_lower].fields
        yield from (f"{told}: {why}" for why in _narrows(fields[operation.name], operation.field))
    elif isinstance(operation, operations.AddConstraint):
        yield f"{told}: the release before does not keep to it. Add it one release later"
    elif not isinstance(operation, HARMLESS):
        yield f"{told}: nobody has thought of what the release before makes of this"


def _not_left_alone(
    operation: operations.SeparateDatabaseAndState, before: ProjectState, app: str
) -> Iterator[str]:
    """Columns may be forgotten, and stay, where this release can insert rows without them."""
    if operation.database_operations:
        yield "nobody has thought of what the release before makes of this"
    for forgotten in operation.state_operations:
        if not isinstance(forgotten, operations.RemoveField):
            yield f"{forgotten.describe()}: only columns can be forgotten"
            continue
        field = before.models[app, forgotten.model_name_lower].fields[forgotten.name]
        if not field.null and not field.has_db_default():
            yield f"{forgotten.describe()}: this release inserts rows without it"


def _narrows(before: Field, after: Field) -> Iterator[str]:
    if before.get_internal_type() != after.get_internal_type():
        yield "the release before reads and writes another type"
    if before.null and not after.null:
        yield "the release before inserts rows without it"
    if after.max_length and after.max_length < (before.max_length or 0):
        yield "the release before writes longer texts"
    if after.unique and not before.unique:
        yield "the release before writes the same twice"
