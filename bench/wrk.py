"""How does wrk ask? It takes the least of the machine that it shares with the server."""

import json
import shutil
import subprocess
from pathlib import Path

from bench.load import AGENT, Answers, Load

SCRIPT = Path(__file__).with_name("wrk.lua")
GRACE = 30  # seconds that a run may take beyond its own


def is_here() -> bool:
    return shutil.which("wrk") is not None


def ask(load: Load) -> Answers:
    """Asks as fast as it is answered."""
    command = ["wrk", "-t", "1", "-c", str(load.connections), "-d", f"{load.seconds}s"]
    command += ["-s", str(SCRIPT), "-H", f"User-Agent: {AGENT}"]
    command += [part for line in load.lines for part in ("-H", line)]
    command += [load.url, "--", str(load.headers), str(load.offset)]
    ended = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=load.seconds + GRACE
    )
    return Answers(**json.loads(ended.stdout.splitlines()[-1]))
