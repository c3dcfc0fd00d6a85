"""Inkmeter: the open in-home energy display for Great Britain. MicroPython; MIT licence."""
