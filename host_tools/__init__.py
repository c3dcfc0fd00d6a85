"""Inkmeter's host tools: the simulated home, the device build and what puts it on hardware."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
