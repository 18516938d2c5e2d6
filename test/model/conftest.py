"""How many random messages, and which: MODEL_MESSAGES (default 100,000), MODEL_SEED (the fresh half's; default another one every time)."""

import os
import random
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
# Before pytest starts its workers: they inherit it, and all of them need the same.
os.environ.setdefault("MODEL_SEED", str(random.SystemRandom().randrange(10**9)))


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"model: the fresh half had MODEL_SEED={os.environ['MODEL_SEED']}")
