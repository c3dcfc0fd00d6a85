"""What several tests look at, made once."""

import pytest

from host_tools import gallery


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Every page in every kind of home, as the firmware draws it."""
    return gallery.draw(folder=tmp_path_factory.mktemp("screens"))
