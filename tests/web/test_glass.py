"""What the eye sees of the panel: see host_tools/web/glass.py."""

from PIL import Image

from host_tools.web.glass import Glass


def picture(*pixels):
    image = Image.new("1", (len(pixels), 1))
    image.putdata(pixels)
    return image


def test_a_partial_refresh_leaves_a_ghost_until_the_next_full_one():
    glass = Glass()
    glass.refresh(picture(0, 0, 255, 255), full=True)
    assert [*glass.seen.tobytes()] == [0, 0, 255, 255]
    glass.refresh(picture(0, 255, 0, 255), full=False)
    still, brighter, darker, white = glass.seen.tobytes()
    assert (still, white) == (0, 255), "what is not driven stays as it was"
    assert 200 < brighter < 255 and 0 < darker < 55
    # A pixel that is driven again comes nearer, and one that is not keeps its ghost.
    glass.refresh(picture(0, 255, 255, 255), full=False)
    assert glass.seen.tobytes()[1] == brighter and 200 < glass.seen.tobytes()[2] < 255
    glass.refresh(picture(0, 255, 255, 255), full=True)
    assert [*glass.seen.tobytes()] == [0, 255, 255, 255]


def test_another_panel_begins_without_ghosts():
    glass = Glass()
    glass.refresh(picture(0, 0), full=True)
    glass.refresh(picture(255, 255, 255), full=False)
    assert [*glass.seen.tobytes()] == [255, 255, 255]
