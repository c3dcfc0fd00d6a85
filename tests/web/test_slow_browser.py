"""What a browser that is slow to listen is told in the end."""

import asyncio
import json

import pytest

from host_tools.web.browser import Browser

# More than ever waits for one.
MANY = 5000


async def all_of_it(browser):
    """Everything that it is sent until it is dismissed, as (kind, what)."""
    told = []
    while (text := await browser.next()) is not None:
        message = json.loads(text)
        told.append((message["type"], message["it"]))
    return told


def heard(*messages):
    """What a browser hears that takes nothing before all of these have been said."""
    browser = Browser()
    for kind, what in messages:
        browser.tell(kind, what)
    browser.dismiss()
    return asyncio.run(all_of_it(browser))


@pytest.mark.parametrize("kind", ["trace", "log", "refresh"])
def test_what_can_be_missed_is_dropped_in_the_end(kind):
    told = heard(*[(kind, n) for n in range(MANY)])
    assert 0 < len(told) < MANY / 10
    assert told == [(kind, n) for n in range(len(told))]


def test_no_answer_is_lost_and_they_keep_their_order():
    messages = [message for n in range(MANY) for message in (("trace", n), ("answer", {"id": n}))]
    told = heard(*messages)
    assert [what["id"] for kind, what in told if kind == "answer"] == list(range(MANY))


def test_of_many_states_it_hears_the_newest():
    assert heard(*[("state", n) for n in range(MANY)]) == [("state", MANY - 1)]
    told = heard(("hello", 0), *[("state", n) for n in range(MANY)], *[("trace", n) for n in range(MANY)])
    # Not after all the rest, either.
    assert told[0] == ("hello", 0) and told.index(("state", MANY - 1)) <= 2


def test_what_an_order_changed_is_not_told_after_its_answer_by_an_older_state():
    told = heard(("trace", 1), ("state", "before"), ("answer", {"id": 1}), ("state", "after"))
    assert told.index(("state", "before")) < told.index(("answer", {"id": 1}))
    assert ("state", "after") in told


def test_who_listens_hears_at_once():
    async def story():
        browser = Browser()
        first = asyncio.ensure_future(browser.next())
        await asyncio.sleep(0)
        assert not first.done()
        browser.tell("log", ["a line"])
        assert json.loads(await first) == {"type": "log", "it": ["a line"]}

    asyncio.run(story())
