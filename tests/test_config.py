import pytest

from clearing.config import SettingRefused, Settings


def test_an_empty_environment_gives_the_defaults_of_the_wire() -> None:
    settings = Settings.from_environment({"HOME": "/nowhere", "CLEARING_PROMISES": "short"})
    assert settings == Settings()
    assert (settings.frame_bytes_max, settings.lines_max, settings.group_max) == (4_096, 100, 256)


def test_a_variable_sets_the_limit_it_names() -> None:
    settings = Settings.from_environment({"CLEARING_LINES_MAX": " 7 ", "CLEARING_REQUEST_LOG": "Yes"})
    assert (settings.lines_max, settings.request_log) == (7, True)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CLEARING_LINE_MAX", "7", "no such setting"),
        ("CLEARING_CLOCK", "2017-01-01", "no such setting"),
        ("CLEARING_NOW_US", "1", "no such setting"),
        ("CLEARING_LINES_MAX", "many", "must be a whole number"),
        ("CLEARING_LINES_MAX", "-1", "must be a whole number"),
        ("CLEARING_LINES_MAX", "0", "from 1 to 1000"),
        ("CLEARING_REQUEST_LOG", "perhaps", "must be yes or no"),
        ("CLEARING_INBOX_MAX", "10", "CLEARING_GROUP_MAX is 256"),
        ("CLEARING_COMMAND_BYTES_MAX", "4096x", "must be a whole number"),
    ],
)
def test_a_wrong_variable_is_named_with_what_to_write_instead(variable: str, value: str, said: str) -> None:
    with pytest.raises(SettingRefused, match=said) as refused:
        Settings.from_environment({variable: value})
    assert variable in str(refused.value)
