"""No text of a screen is cut or lies on anything else, whatever it says: each panel, language and theme."""

import itertools
import re

import pytest

from host_tools import ROOT, fonts, words

QUIET = 4  # modules of white that a QR code's reader needs around it
MODULES = 29
_LEFT_OVER = "…"


def crowded(picture):
    """What is wrong with a picture, in words."""
    marks = []
    for mark in picture.decoded():
        if mark.kind == "squares":
            quiet = QUIET * (mark.right - mark.left) // MODULES
            # Above and below there is less: the small panels have no room, and readers manage.
            marks.append((mark, mark.left - quiet, mark.top - 4, mark.right + quiet, mark.bottom + 4))
        elif mark.kind != "white":
            marks.append((mark, mark.left, mark.top, mark.right, mark.bottom))
    for mark, _, _, _, _ in marks:
        if mark.left < 0 or mark.top < 0 or mark.right > picture.width or mark.bottom > picture.height:
            yield f"{mark} is not all in the picture"
        if _LEFT_OVER in mark.text or (mark.kind == "text" and not mark.text.strip()):
            yield f"{mark} is cut"
    for one, other in itertools.combinations(marks, 2):
        if "text" not in (one[0].kind, other[0].kind):
            continue
        apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2]
        if not apart and not within(one, other) and not within(other, one):
            yield f"{one[0]} lies on {other[0]}"


def within(text, box):
    """A digit in its frame."""
    inside = box[1] < text[1] and text[3] < box[3] and box[2] < text[2] and text[4] < box[4]
    return text[0].kind == "text" and box[0].kind == "box" and inside


def test_nothing_is_cut_and_nothing_overlaps(pictures):
    found = [f"{picture.name}: {what}" for picture in pictures for what in crowded(picture)]
    assert not found, f"{len(found)} of them:\n" + "\n".join(found[:40])


def test_a_trouble_s_words_are_all_there(pictures):
    _, outcomes = words.read()
    for outcome in outcomes:
        for picture in (picture for picture in pictures if picture.name.startswith(f"trouble-{outcome.code}_")):
            language = "welsh" if "_cy_" in picture.name else "english"
            said = " ".join(picture.texts())
            for text in (outcome.happened, outcome.todo):
                wordings = getattr(text, language).split(";")
                assert any(wording in said for wording in wordings), (picture.name, wordings, said)


def test_a_message_is_all_there(pictures):
    for picture in pictures:
        if picture.name.startswith("message-confirm"):
            assert "Your power may go off for up to 30 minutes." in " ".join(picture.texts()), picture.name


def test_the_large_theme_s_letters_are_large(pictures):
    # market research, 7.5: the figure 10 mm high on 2.9 inch and 16 mm on 4.2, all else 3.2 mm
    for picture in pictures:
        case, size, _, theme = picture.name.split("_")
        if theme != "large" or case.startswith(("message", "trouble")):
            continue
        small = {"2.13": ("head", "body", "code"), "2.9": ("head", "body", "code"), "4.2": ("head", "body", "code")}
        for mark in picture.decoded():
            assert mark.font not in small[size], (picture.name, mark)
        if case == "now-credit":
            figure = max(mark.bottom - mark.top for mark in picture.decoded() if mark.kind == "text")
            assert figure / {"2.13": 5.15, "2.9": 4.42, "4.2": 4.72}[size] >= {"2.13": 8, "2.9": 10, "4.2": 16}[size]


def test_a_picture_takes_no_more_memory_than_its_share(pictures):
    assert max(len(picture.marks) for picture in pictures) < 1400


def test_every_wording_is_there_in_both_languages():
    texts, outcomes = words.read()
    for text in texts + [one for outcome in outcomes for one in (outcome.happened, outcome.todo)]:
        assert text.english.count("%") // (text.english.count(";") + 1) in (0, 1), text
        assert ("%" in text.english) == ("%" in text.welsh), text


def test_the_device_s_words_are_those_of_the_table():
    assert words.OUTPUT.read_bytes() == words.compiled(), "words.txt changed: make words"
    assert words.MODULE.read_text() == words.module(), "words.txt changed: make words"


def test_a_mistake_in_the_table_is_said_with_its_line(tmp_path):
    table = tmp_path / "words.txt"
    for text, said in (("AT | at", "line 1"), ("at | at | am", "line 1"), ("A | a | b\nA | a | b", "A stands twice")):
        table.write_text(text)
        with pytest.raises(words.WordsWrong, match=said):
            words.read(table)


def test_the_document_of_troubles_has_the_panel_s_words():
    document = (ROOT / "docs/troubles.md").read_text()
    _, outcomes = words.read()
    firmware = list((ROOT / "firmware/inkmeter").rglob("*.py"))
    for outcome in outcomes:
        happened, todo = (text.english.split(";")[0] for text in (outcome.happened, outcome.todo))
        row = f"| {outcome.code} | {happened} | {todo} |"
        assert row in document, outcome.code
        said = any(re.search(rf"\b{outcome.code}\b", path.read_text()) for path in firmware)
        assert outcome.code == "X00" or said != (f"{row} *not yet:*" in document), outcome.code


def test_the_fonts_have_every_letter_of_the_words():
    texts, outcomes = words.read()
    for text in texts + [one for outcome in outcomes for one in (outcome.happened, outcome.todo)]:
        for letter in text.english + text.welsh:
            assert letter in fonts.read("body"), (letter, text)
