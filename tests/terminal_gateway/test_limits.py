import pytest

from clearing.terminal_gateway.limits import TokenBuckets, source_of

SECOND = 1_000_000


def test_a_bucket_gives_its_burst_and_then_one_token_at_a_time() -> None:
    buckets = TokenBuckets(per_s=2, burst=3, table_max=10)
    for _ in range(3):
        assert buckets.wait_s("stall", 0) == 0
        buckets.spend("stall", 0)
    assert buckets.wait_s("stall", 0) == 1
    assert buckets.wait_s("stall", SECOND // 2 - 1) == 1
    assert buckets.wait_s("stall", SECOND // 2) == 0


def test_who_is_refused_does_not_wait_longer_for_asking() -> None:
    buckets = TokenBuckets(per_s=1, burst=1, table_max=10)
    for _ in range(100):
        buckets.spend("stall", 0)
    assert buckets.wait_s("stall", 0) == 1
    assert buckets.wait_s("stall", SECOND) == 0


def test_a_full_bucket_holds_no_more_than_its_burst() -> None:
    buckets = TokenBuckets(per_s=1, burst=2, table_max=10)
    buckets.spend("stall", 0)
    later = 3_600 * SECOND
    buckets.spend("stall", later)
    buckets.spend("stall", later)
    assert buckets.wait_s("stall", later) == 1


def test_one_who_knocks_too_often_makes_nobody_else_wait() -> None:
    buckets = TokenBuckets(per_s=1, burst=1, table_max=10)
    buckets.spend("loud", 0)
    assert (buckets.wait_s("loud", 0), buckets.wait_s("quiet", 0)) == (1, 0)


def test_the_table_stays_bounded_and_forgets_who_was_silent_longest() -> None:
    buckets = TokenBuckets(per_s=1, burst=1, table_max=3)
    for number in range(1_000):
        buckets.spend(f"10.0.0.{number}", number)
        assert len(buckets) <= 3
    assert buckets.wait_s("10.0.0.999", 1_000) == 1
    assert buckets.wait_s("10.0.0.0", 1_000) == 0


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:0db8:0001:0002"),
        ("2001:db8:1:2:bbbb::2", "2001:0db8:0001:0002"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("not:an:address", "not:an:address"),
        ("", ""),
    ],
)
def test_an_ipv6_network_shares_one_bucket(address: str, source: str) -> None:
    assert source_of(address) == source
