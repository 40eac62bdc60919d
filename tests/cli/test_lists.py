"""Law: a list is refused whole, with the line and the column that can't be used."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from clearing.cli.desk import Misused
from clearing.cli.lists import read_list


def rows(folder: Path, text: str, encoding: str = "utf-8") -> Sequence[dict[str, str]]:
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return read_list(path, needs=("member",), may=("groups", "name"))


@pytest.mark.parametrize(
    "text", ["member,name\nm-1,Ada\n", "Member ; name\r\nm-1 ; Ada\r\n;\r\n", "\ufeffmember;name\nm-1;Ada"]
)
def test_a_list_reads_the_same_from_every_spreadsheet(tmp_path: Path, text: str) -> None:
    assert rows(tmp_path, text) == [{"member": "m-1", "name": "Ada"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\nAda\n", "member is missing"),
        ("member;age\nm-1;7\n", "'age' is not one"),
        ("member;name\n;Ada\n", "line 2: 'member' is empty"),
        ("member;name\nm-1;Ada;x\n", "line 2: more cells"),
        ("member\n", "no line below"),
        ("", "is empty; its first line names the columns member"),
        ("membre;nom\nm-1;Ada\n", r"member is missing \(it says: membre, nom\)"),
    ],
)
def test_a_slip_in_a_list_is_named_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Misused, match=said):
        rows(tmp_path, text)


def test_a_list_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misused, match="CSV UTF-8"):
        rows(tmp_path, "member;name\nm-1;Zoé\n", "latin-1")
    with pytest.raises(Misused, match="can't be read"):
        read_list(tmp_path / "absent.csv", needs=("member",))
