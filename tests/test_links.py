"""The table of links: every row is in use, and holds as much as it says."""

import re
from pathlib import Path

import pytest

from affectstream.stream import links
from affectstream.stream.bus import Bus, offer, poll, receive
from affectstream.stream.frames import PictureShelf
from affectstream.stream.links import LINKS
from affectstream.stream.outlets import Outlet

STREAM = Path(links.__file__).parent
POLICIES = ("every", "latest", "bounded")
OF_SINKS = {
    Outlet("sink", is_live, pictures=pictures).link
    for is_live in (False, True)
    for pictures in (None, PictureShelf())
}
"""The rows whose names are put together."""


@pytest.mark.parametrize("name", LINKS)
def test_a_link_holds_what_its_row_says(name: str) -> None:
    """More is refused at once, nothing is lost or overtaken, and there is room again once read."""
    row, bus = LINKS[name], Bus()
    receiver = bus.socket("pull", name, bind="end")
    sender = bus.socket("push", name, connect="end")
    sent = 0
    while offer(sender, sent.to_bytes(4, "little")):
        sent += 1
        assert sent <= row.capacity, "the pipe grows without end"
    assert sent == row.capacity
    got = []
    while (payload := receive(receiver)) is not None:
        got.append(int.from_bytes(payload, "little"))
    assert got == list(range(sent))
    assert poll([], 5.0, [sender]) == [sender] and offer(sender, b"room again")
    for socket in (sender, receiver):
        bus.close(socket)
    assert bus.open_sockets == 0
    bus.shut()


@pytest.mark.parametrize("name", LINKS)
def test_a_row_is_whole_and_used(name: str) -> None:
    row = LINKS[name]
    assert row.name == name and row.policy in POLICIES and row.capacity >= 2
    assert row.sender and row.receiver and row.message
    code = [path.read_text("utf-8") for path in STREAM.rglob("*.py") if path.name != "links.py"]
    is_named = any(re.search(rf'"{re.escape(name)}"', text) for text in code)
    assert is_named or name in OF_SINKS, f"no stage opens a socket for {name}"


def test_every_kind_of_sink_has_a_row() -> None:
    assert set(LINKS) >= OF_SINKS
    assert all(
        LINKS[name].policy == ("bounded" if ".live" in name else "every") for name in OF_SINKS
    )
