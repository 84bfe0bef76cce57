"""How does somebody change the trail who owns the database?"""

from django.db import connection


def without_triggers(statement: str) -> None:
    """Executes a statement that the triggers would refuse."""
    drops = {
        "sqlite": [
            "DROP TRIGGER tokens_event_no_update",
            "DROP TRIGGER tokens_event_no_delete",
        ],
        "postgresql": ["ALTER TABLE tokens_event DISABLE TRIGGER tokens_event_append_only"],
    }
    with connection.cursor() as cursor:
        for drop in drops[connection.vendor]:
            cursor.execute(drop)
        cursor.execute(statement)
