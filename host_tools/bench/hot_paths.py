"""Runs one of the firmware's hot paths so many times, on MicroPython, and prints the heap bytes that one run takes.

    micropython hot_paths.py <folder of the firmware> <name> <times>

`host_tools.bench` counts the instructions: a run of many times less a run of none.
"""

import gc
import sys

sys.path.insert(0, sys.argv[1])

EUI64 = bytes(range(8))
INSTALL_CODE = bytes(range(18))
NAK = bytes.fromhex("A0547D3A7E")
METER_ANSWER = bytes.fromhex(
    "18010100000025cc644d0000000004002af3090000030030000103002201000002030022e80300030300182b04030018000603001800"
)


def ash_frames():
    from inkmeter.ash import CONNECTED, Ash

    ash = Ash(lambda payload: None)
    ash.reset()
    ash.output(0)
    ash.receive(bytes.fromhex("1AC1020B0A527E"), 7, 0)
    assert ash.state == CONNECTED
    return ash


def ash_receive():
    # The same DATA frame over and over is out of turn after the first, but decoded all the same.
    sender, receiver = ash_frames(), ash_frames()
    sender.payload[: len(METER_ANSWER)] = METER_ANSWER
    sender.send(len(METER_ANSWER))
    frame = bytes(sender.output(0))

    def once():
        receiver.receive(frame, len(frame), 0)
        receiver.output(0)

    return once


def ash_send():
    ash = ash_frames()
    ash.payload[: len(METER_ANSWER)] = METER_ANSWER
    ash.send(len(METER_ANSWER))

    def once():
        ash.receive(NAK, len(NAK), 0)
        ash.output(0)

    return once


def ezsp():
    from inkmeter.ezsp import Ezsp

    one = Ezsp()
    one.version = 13
    return one


def ezsp_encode():
    one = ezsp()
    buffer = bytearray(131)
    request = bytes.fromhex("00010000000004")
    return lambda: one.encode("sendUnicast", (0, 0, 0x0109, 0x0702, 1, 1, 0x1160, 0, 5, 9, request), buffer)


def ezsp_decode():
    one = ezsp()
    # incomingMessageHandler in the extended frame format
    frame = bytes.fromhex("0090014500 00 09010207 0101 4011 0000 05 ffa8 0000 ffff".replace(" ", ""))
    frame += bytes([len(METER_ANSWER)]) + METER_ANSWER
    assert one.decode(frame)[1] == "incomingMessageHandler"
    return lambda: one.decode(frame)


def zcl_answer():
    from inkmeter.zcl import Header, parse_read_response

    return lambda: parse_read_response(Header(METER_ANSWER).payload)


def qr_code():
    from inkmeter import install_code, qr

    text = install_code.label(EUI64, INSTALL_CODE)
    return lambda: qr.matrix(text)


def a_home():
    from inkmeter import home as h

    home = h.Home()
    home.eui64, home.install_code = EUI64, INSTALL_CODE
    meter = home.meter(h.ELECTRICITY)
    meter.divisor, meter.unit_of_measure, meter.summation_formatting = 1000, 0, 0x2B
    meter.current_summation_delivered.put(4631215, 100, 831898200)
    meter.instantaneous_demand.put(950, 100, 831898200)
    return home


def screen(stage, outcome):
    from inkmeter import screens
    from inkmeter.canvas import Canvas
    from inkmeter.view import View

    class Clock:
        def now(self):
            return 831898204

    home = a_home()
    home.set_stage(stage, outcome)
    canvas = Canvas(296, 128)
    view = View(home, Clock(), 296, 128)

    def once():
        for _ in canvas.bands(screens.picture(view, 104)):
            pass

    return once


def screen_pairing():
    return screen(1, "P02")


def screen_readings():
    return screen(6, None)


once = globals()[sys.argv[2]]()
once()  # whatever is kept from a first run on
gc.collect()
times = int(sys.argv[3])
gc.disable()
before = gc.mem_alloc()
for _ in range(times):
    once()
after = gc.mem_alloc()
print((after - before) // times if times else 0)
