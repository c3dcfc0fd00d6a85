"""Messages longer than a frame: cut into blocks, put together again (Zigbee specification, section 2.2.8.4.5)."""

from __future__ import annotations

from host_tools.sim.aps import Frame

LONGEST = 1500  # what a hub or meter puts together
_MOST_BLOCKS = 255


def cut(payload: bytes, room: int) -> list[bytes]:
    """The blocks of a message, each as long as `room` but the last. Raises ValueError for one with too many."""
    blocks = [payload[at : at + room] for at in range(0, len(payload), room)]
    if len(blocks) > _MOST_BLOCKS:
        raise ValueError("too long a message")
    return blocks


class Assembly:
    """One message that is coming in blocks."""

    def __init__(self, window: int, until: float) -> None:
        self.until = until
        self.whole = False
        self._window = window
        self._count = 0
        self._blocks: dict[int, bytes] = {}

    def take(self, frame: Frame) -> tuple[tuple[int, int] | None, bytes | None]:
        """((first block of the window, which have come) if that is to be acknowledged now, the message once it is
        whole). Raises ValueError for one that is too long.
        """
        assert frame.block is not None
        if frame.block == 0:
            self._count = frame.blocks
        self._blocks.setdefault(frame.block, frame.payload)
        if sum(map(len, self._blocks.values())) > LONGEST:
            raise ValueError("too long a message")
        base = frame.block - frame.block % self._window
        bits = sum(1 << place for place in range(8) if not self._misses(base, place))
        # Once nothing more of the window is to come; what was lost on the way shows in the bits.
        due = bits >> frame.block - base == 0xFF >> frame.block - base
        if self.whole or not self._count or len(self._blocks) < self._count:
            return (base, bits) if due else None, None
        self.whole = True
        return (base, bits), b"".join(self._blocks[number] for number in range(self._count))

    def _misses(self, base: int, place: int) -> bool:
        number = base + place
        return place < self._window and number not in self._blocks and not (self._count and number >= self._count)
