"""Long-lived tasks: started again after whatever ended them, and not in a tight loop."""

import asyncio
import sys

from inkmeter.supervisor import Supervisor


class Enough(BaseException):
    pass


def restarts(run):
    """The delays before each of nine restarts of a task."""
    delays = []

    async def sleep(seconds):
        delays.append(seconds)
        if len(delays) == 9:
            raise Enough

    if not hasattr(sys, "print_exception"):
        sys.print_exception = print
    one = Supervisor()
    one.restarts["test"] = 0
    kept = asyncio.sleep
    asyncio.sleep = sleep
    try:
        one._own("test", run).send(None)
    except Enough:
        assert one.restarts["test"] == 9
    finally:
        asyncio.sleep = kept
    return delays


def test_a_task_that_fails_is_started_again_later_and_later():
    async def fails():
        raise RuntimeError("of the test's")

    assert restarts(fails) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_task_that_ends_is_started_again_too():
    async def ends():
        pass

    assert restarts(ends) == [1, 2, 4, 8, 16, 32, 60, 60, 60]
