"""Law: whatever was bought, no published figure nor a difference along the published totals has fewer than five people."""

from itertools import combinations

from hypothesis import given, strategies as st

from clearing.rules.telling.statistics import K_MIN, REST, Figure, Path, Tally, hide, published
from clearing.values import MemberId

CELLS = st.tuples(
    st.sampled_from(["north", "south", "all"]), st.sampled_from(["veg", "cheese", "bread"]), st.sampled_from(["farm", "shop"])
)  # fmt: skip
BUYS = st.lists(st.tuples(CELLS, st.integers(0, 14), st.integers(0, 30), st.integers(-50, 5_000)), max_size=120)
Buys = list[tuple[Path, int, int, int]]


def tallied(buys: Buys) -> dict[Path, Tally]:
    cells: dict[Path, Tally] = {}
    for path, member, basket, cents in buys:
        cells.setdefault(path, Tally()).count(MemberId(f"m{member}"), bytes([member, basket]), 2 * cents, cents)
    return cells


def behind(buys: Buys, path: Path) -> Buys:
    return [one for one in buys if one[0][: len(path)] == path]


def people(buys: Buys) -> int:
    return len({member for _, member, _, _ in buys})


def children(figures: list[Figure], path: Path) -> list[Path]:
    return [one.path for one in figures if len(one.path) == len(path) + 1 and one.path[:-1] == path and one.path[-1] != REST]


@given(BUYS)
def test_every_published_figure_and_every_difference_has_enough_people_behind_it(buys: Buys) -> None:
    figures = published({"2026-05": tallied(buys)}, before="2026-06")
    for figure in figures:
        if figure.path[-1:] == (REST,):
            continue
        whole, below = behind(buys, figure.path), children(figures, figure.path)
        assert people(whole) >= K_MIN
        for size in range(len(below) + 1):
            for taken in combinations(below, size):
                left = [one for one in whole if not any(one[0][: len(path)] == path for path in taken)]
                assert not left or people(left) >= K_MIN, (figure.path, taken)


@given(BUYS)
def test_the_lines_of_a_month_sum_to_it_to_the_cent(buys: Buys) -> None:
    figures = published({"2026-05": tallied(buys)}, before="2026-06")
    by_path = {figure.path: figure for figure in figures}
    for figure in figures:
        parts = [one for one in figures if len(one.path) == len(figure.path) + 1 and one.path[:-1] == figure.path]
        if parts:
            assert sum(one.card_cents for one in parts) == figure.card_cents
            known = [one.goods_cents for one in parts]
            assert (figure.goods_cents is None) == (None in known)
            assert figure.goods_cents is None or sum(cents for cents in known if cents is not None) == figure.goods_cents
            assert sum(one.purchases for one in parts) == figure.purchases
    if () in by_path:
        assert by_path[()].card_cents == sum(cents for _, _, _, cents in buys)
    else:
        assert people(buys) < K_MIN or len({(member, basket) for _, member, basket, _ in buys}) < K_MIN


@given(BUYS)
def test_what_is_hidden_together_has_enough_people_or_is_everything(buys: Buys) -> None:
    parts = tallied(buys)
    hidden, rest = hide({"/".join(path): tally for path, tally in parts.items()})
    assert (rest is None) == (not hidden)
    assert rest is None or rest.enough() or len(hidden) == len(parts)


@given(BUYS)
def test_a_month_that_is_not_over_is_not_told(buys: Buys) -> None:
    assert published({"2026-05": tallied(buys)}, before="2026-05") == []
