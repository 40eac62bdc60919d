"""Law: a file has at most 400 lines, a function at most 50; what is larger stands in a list that only shrinks."""

from tests.house.sources import CLONE, files, functions, python_files, text

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
LIST = CLONE / "tests/house/size_exceptions.txt"


def too_large() -> dict[str, int]:
    large: dict[str, int] = {}
    for path in files(".py", ".sql", ".js", ".html", ".css", ".sh"):
        lines = len(text(path).splitlines())
        if lines > FILE_LINES_MAX:
            large[str(path)] = lines
    for path in python_files("clearing/", "loadtests/", "tests/", "ops/"):
        for name, node in functions(path):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                large[f"{path}::{name}"] = lines
    return large


def listed() -> dict[str, int]:
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {name: int(size) for name, size in (line.rsplit(" ", 1) for line in lines)}


def test_nothing_is_larger_than_the_house_allows() -> None:
    allowed = listed()
    grown = {name: size for name, size in too_large().items() if size > allowed.get(name, 0)}
    assert not grown, f"split these (a file has at most 400 lines, a function 50): {grown}"


def test_the_list_of_large_ones_only_shrinks() -> None:
    large = too_large()
    loose = {name: large.get(name, 0) for name, size in listed().items() if large.get(name, 0) < size}
    assert not loose, f"{LIST.name}: write the new size, or take the line out where it is small enough: {loose}"
