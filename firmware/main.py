# Started by MicroPython after boot.py. Ctrl-C stops it, so that mpremote can always get in.
import board
from inkmeter import app

app.run(board)
