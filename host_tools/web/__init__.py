"""`inkmeter run`: the simulated home in a browser."""

from host_tools import BUILD

FOLDER = BUILD / "run"
PORT = 8321
