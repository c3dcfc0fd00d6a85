"""Drives the firmware's ledger on MicroPython from a file of what a device hears, and prints what it has filed.

    micropython ledger_driver.py <folder of the firmware> <what is heard> <the meters' own logs>

A line of the first file is an order: R reading, P price, S standing charge, F gas factors, X exchanged meter, B power
cut and start, G fill the gaps, C clock. The second holds, by commodity, `commodity half-hour used sent`.
"""

import sys

sys.path.insert(0, sys.argv[1])

from inkmeter import filling, history, lazy, ledger


class Clock:
    utc = 0

    def now(self):
        return self.utc


def number(word):
    return None if word == "-" else int(word)


def meters_logs(path):
    logs = ({}, {})
    with open(path) as file:
        for line in file:
            commodity, half, used, sent = line.split()
            logs[int(commodity)][int(half)] = int(used), int(sent)
    return logs


def fill_gaps(book, logs, start, end):
    for commodity in range(2):
        for utc, count in list(filling.gaps(commodity, start, end)):
            known = [logs[commodity].get(utc // 1800 + i, (None, None)) for i in range(count)]
            with lazy.module("filling", "records", "rates") as module:
                module.fill(book, commodity, utc, [one[0] for one in known], [one[1] for one in known])


def main():
    logs = meters_logs(sys.argv[3])
    clock = Clock()
    book = ledger.Ledger(clock)
    held_back = 0
    with open(sys.argv[2]) as file:
        for line in file:
            kind, *words = line.split()
            words = [number(word) for word in words]
            if kind == "R":
                clock.utc = words[1]
                book.register(*words)
                if book.due:
                    book.settle()
            elif kind == "P":
                book.rate(*words)
            elif kind == "S":
                book.standing_charge(*words)
            elif kind == "F":
                book.gas_factors(*words)
            elif kind == "X":
                book.exchanged(*words)
            elif kind == "B":
                held_back += book.held_back
                book = ledger.Ledger(clock)
            elif kind == "G":
                fill_gaps(book, logs, *words)
    for commodity in range(2):
        first, last = words
        for row in history.each(commodity, first, last):
            print("H", commodity, *row)
        for day in range(history.local_day(first), history.local_day(last)):
            print("D", commodity, day, *(history.day(commodity, day) or ()))
    print("held back", held_back + book.held_back)


main()
