"""What the host makes for the device: its file system, its fonts, and what reads its pictures."""

import shutil
import subprocess

import pytest
from PIL import Image, ImageDraw

from host_tools import ROOT, build, fonts, screen_reader, toolchain


def test_every_board_gets_the_same_firmware():
    one, other = (build.build(name) for name in ("simulator", "esp32_devkit_weact_2in9"))
    for path in sorted(one.rglob("*")):
        name = path.relative_to(one)
        if path.is_file() and name.parts[0] not in ("board.mpy", "probe.mpy") and name.stem != "snapshot":
            assert (other / name).read_bytes() == path.read_bytes(), name
    assert not (other / "probe.mpy").exists() and not list(one.rglob("*.md"))


def test_a_build_follows_its_sources(tmp_path):
    boards = tmp_path / "boards"
    shutil.copytree(ROOT / "boards/simulator", boards / "passing")
    try:
        root = build.build("passing", boards)
        assert (root / "probe.mpy").exists()
        first = (root / "board.mpy").read_bytes()
        (boards / "passing/probe.py").unlink()
        (boards / "passing/board.py").write_text("NAME = 'other'\n")
        build.build("passing", boards)
        assert not (root / "probe.mpy").exists() and (root / "board.mpy").read_bytes() != first
    finally:
        shutil.rmtree(build.BUILD / "device/passing", ignore_errors=True)


def test_a_firmware_that_does_not_compile_is_said_so(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/board.py").write_text("match 1:\n    case 1: pass\n")
    with pytest.raises(build.BuildError, match="SyntaxError"):
        build.build("broken", tmp_path)
    shutil.rmtree(build.BUILD / "device/broken", ignore_errors=True)


def test_the_committed_fonts_are_what_the_face_makes():
    for recipe in fonts.RECIPES:
        assert (fonts.OUTPUT / f"{recipe.name}.fnt").read_bytes() == fonts.make(recipe), recipe.name


def test_a_missing_face_names_its_package(monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "FACES", tmp_path)
    with pytest.raises(fonts.FaceMissing, match="fonts-dejavu"):
        fonts.make(fonts.RECIPES[0])


def paper(*texts):
    picture = Image.new("1", (296, 128), 1)
    draw = ImageDraw.Draw(picture)
    for x, y, text, font in texts:
        for character in text:
            glyph = screen_reader.load(font)[character]
            for column in glyph.columns:
                for row in range(column.bit_length()):
                    if column >> row & 1:
                        draw.point((x, y + row), 0)
                x += 1
    return picture


def test_the_screen_reader_finds_a_text_and_nothing_like_it():
    picture = paper((3, 5, "Meter 04631.215 kWh", "body"), (100, 60, "0.95", "large"))
    assert screen_reader.shows(picture, "04631.215 kWh") and screen_reader.shows(picture, "0.95", "large")
    for text in ("04631.216", "4632", "0.96", "--", "kWH"):
        assert not screen_reader.shows(picture, text), text
    assert screen_reader.find(picture, "Meter", "body") == (3, 5)
    picture.putpixel((40, 14), 0 if picture.getpixel((40, 14)) else 1)
    assert not screen_reader.shows(picture, "Meter 04631.215 kWh")


def test_the_interpreter_behaves_like_the_esp32_s():
    interpreter = toolchain.interpreter()
    assert interpreter.caveat == "" and interpreter.word_bits == 32 and interpreter.single_floats


def test_an_interpreter_that_is_not_says_what_it_does_not_show(tmp_path):
    script = tmp_path / "micropython"
    script.write_text("#!/bin/sh\necho 1 24 64 0\n")
    script.chmod(0o755)
    found = toolchain._probe(str(script), "the system's own MicroPython")
    assert "32-bit words" in found.caveat and "single-precision floats" in found.caveat
    script.write_text("#!/bin/sh\necho 1 21 64 0\n")
    assert toolchain._probe(str(script), "too old") is None
    assert toolchain._probe(str(tmp_path / "nothing"), "missing") is None


def test_the_clock_s_library_leaves_a_process_without_a_simulator_alone():
    interpreter = toolchain.interpreter()
    script = "import time; a = time.ticks_ms(); time.sleep_ms(30)"
    script += "; print(time.ticks_diff(time.ticks_ms(), a), time.time())"
    done = subprocess.run(
        ["env", f"LD_PRELOAD={interpreter.vclock}", interpreter.path, "-c", script],
        capture_output=True, text=True, check=True, timeout=10,
    )  # fmt: skip
    slept, now = map(int, done.stdout.split())
    assert 29 <= slept < 2000 and now > 1_700_000_000
