"""Lines of docs/operating.md that are rehearsed: tests/deploy/test_rehearsal.py compares them."""

DAY = "2026-05-04"  # of the back-up, in the document
BACK_UP = f"docker compose exec -T jobs python manage.py backup - > portal-{DAY}.backup"
KEEP_JOURNAL = "docker compose exec -T jobs tar -C /var/lib/revocations -c . > revocations.tar"
KEEP_AUTHORITY = (
    "docker compose run --rm --no-deps -T prepare tar -C /var/lib/portal -c . > authority.tar"
)
STOP = "docker compose stop portal jobs"
RESTORE = (
    f"docker compose run --rm -T prepare python manage.py restore --replace - < portal-{DAY}.backup"
)
START = "docker compose up --detach"
PUT_BACK = (
    "docker compose run --rm --no-deps -T prepare tar -C /var/lib/portal -x < authority.tar",
    "docker compose run --rm --no-deps -T prepare tar -C /var/lib/revocations -x < revocations.tar",
)
COMMANDS = (BACK_UP, KEEP_JOURNAL, KEEP_AUTHORITY, STOP, RESTORE, START, *PUT_BACK)
