"""With which settings do the tests run? Loaded before Django reads them.

``DATABASE_URL`` chooses the database; SQLite in a folder of the run's own is the default.
"""

import atexit
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tokens.registry import authority

VAR_DIR = Path(tempfile.mkdtemp(prefix="portal-tests-"))
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)

os.environ.update(
    SECRET_KEY="only-for-tests-" + "x" * 40,
    DEMO_KEY="only-for-tests",
    VAR_DIR=str(VAR_DIR),
    PORTAL_URL="http://portal.example:8000",
    REGISTRY_HOST="registry.example:5000",
    REGISTRY_URL="http://registry.example:5000",
    REGISTRY_EVENTS_SECRET="only-the-registry-knows",
    METRICS_SECRET="only-the-monitoring-knows",
    EMAIL_URL="memorymail://",
)
authority.create(VAR_DIR / "ca.crt", VAR_DIR / "ca.key", now=datetime.now(UTC), days=365)
