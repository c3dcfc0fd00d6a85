"""The commands, given what cannot be."""

import pytest

from host_tools import cli


@pytest.mark.parametrize(
    "arguments",
    [["run", "--port", "99999"], ["run", "--port", "-1"], ["ncp", "--listen", "127.0.0.1:x"], ["run", "--baud", "0"]],
)
def test_a_number_that_cannot_be_is_refused_in_words(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2 and "is not a " in capsys.readouterr().err


def test_an_address_that_is_not_there_is_said_so(capsys):
    # Reserved, so no machine's: a test network's may be this one's, which would then be served.
    assert cli.main(["run", "--host", "240.0.0.1"]) == 1
    assert cli.main(["ncp", "--listen", "240.0.0.1:0"]) == 1
    said = capsys.readouterr().err
    assert said.count("inkmeter ") == 2 and "Traceback" not in said


def test_a_replay_that_is_none_is_said_so(tmp_path, capsys):
    for text in ("", "[]", '{"inkmeter": 2}', '{"inkmeter": 1, "settings": {"seed": "x"}}'):
        (tmp_path / "replay").write_text(text)
        assert cli.main(["run", "--port", "0", "--replay", str(tmp_path / "replay")]) == 1
        assert "inkmeter run: " in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "demo", "sim", "scenarios", "build", "deploy", "fonts", "lint", "ncp"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0 and "usage: inkmeter" in capsys.readouterr().out


def test_a_mistake_is_answered_in_words(capsys):
    assert cli.main(["build", "toaster"]) == 1
    assert "there is no board 'toaster'" in capsys.readouterr().err
    assert cli.main(["deploy", "simulator", "/dev/inkmeter-nothing"]) == 1
    assert "/dev/inkmeter-nothing" in capsys.readouterr().err
