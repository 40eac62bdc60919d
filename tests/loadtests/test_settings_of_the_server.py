"""Law: a load test passes an operator's setting on as it is written; what is no setting is refused before anything starts."""

import pytest

from loadtests.authorise import arguments


def test_settings_become_variables_of_the_server() -> None:
    asked = arguments().parse_args(["--setting", "commit_every_ms=0", "--setting", "gateway_processes=3"])
    assert dict(asked.setting) == {"CLEARING_COMMIT_EVERY_MS": "0", "CLEARING_GATEWAY_PROCESSES": "3"}
    assert arguments().parse_args([]).setting == []


@pytest.mark.parametrize("text", ["commit_every_ms", "=5", ""])
def test_what_is_no_setting_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments().parse_args(["--setting", text])
    assert "write NAME=VALUE" in capsys.readouterr().err
