"""Waiting for something that can be seen, never for a time to pass."""

import time

PATIENCE = 120.0  # seconds; generous, for a loaded machine: a test that passes never waits that long
POLL = 0.02


def wait_until(condition, what, patience=PATIENCE):
    """Calls condition until it returns something true, and returns that. what, or what() when it is a function, names it in
    the failure."""
    end = time.monotonic() + patience
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience:g} s in vain for {what() if callable(what) else what}")
        time.sleep(POLL)
