"""Law: everything has a limit, named here with its unit; the environment is read once, and a name it does not know is an error.

There is no setting for the time, and none that makes a signature, a limit of the charte or a second person optional.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from typing import Any, Final

PREFIX: Final = "CLEARING_"
CONSOLE_PORT: Final = 8421  # of `clearing serve` unless it is told another
_OF_THE_TESTS: Final = frozenset({"CLEARING_PROMISES", "CLEARING_WYCHEPROOF"})
_YES: Final = ("1", "yes", "true", "on")
_NO: Final = ("0", "no", "false", "off")
_ADDRESS: Final = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://localhost(:[0-9]{1,5})?")


class SettingRefused(ValueError):
    """The operator's fault: a CLEARING_ variable that is not known, or a value out of its range. The text names both."""


def _whole(default: int, least: int, most: int) -> Any:
    """A setting that is a whole number from least to most, in the unit its name ends in."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every limit of an installation. A field `lines_max` is the variable CLEARING_LINES_MAX."""

    # The open door.
    frame_bytes_max: int = _whole(4_096, 256, 1 << 16)
    command_bytes_max: int = _whole(1 << 20, 4_096, 4 << 20)
    lines_max: int = _whole(100, 1, 1_000)
    body_timeout_s: int = _whole(5, 1, 60)
    keepalive_s: int = _whole(75, 1, 3_600)
    address_refusals_per_s: int = _whole(50, 1, 1_000_000)
    address_refusals_burst: int = _whole(200, 1, 1_000_000)
    key_requests_per_s: int = _whole(50, 1, 1_000_000)
    key_requests_burst: int = _whole(200, 1, 1_000_000)
    enrol_requests_per_s: int = _whole(1, 1, 1_000)
    enrol_requests_burst: int = _whole(20, 2, 1_000)
    bucket_table_max: int = _whole(100_000, 100, 10_000_000)
    card_key_cache_max: int = _whole(100_000, 1, 10_000_000)
    pairing_s: int = _whole(600, 60, 3_600)
    pairing_nonces_max: int = _whole(10_000, 1, 1_000_000)
    stream_in_flight_max: int = _whole(1_024, 1, 100_000)
    not_ready_retry_s: int = _whole(1, 1, 60)
    proxies: str = "127.0.0.1, ::1"  # whose X-Forwarded-For tells where a request came from
    request_log: bool = False

    # The writer.
    inbox_max: int = _whole(4_096, 1, 1_000_000)
    group_max: int = _whole(256, 1, 256)
    retry_after_s: int = _whole(1, 1, 60)
    commit_every_ms: int = _whole(5, 0, 1_000)  # under load; a sale that comes alone never waits
    lease_s: int = _whole(10, 2, 300)

    # Processes. 0 gateways: everything in one process.
    gateway_processes: int = _whole(2, 0, 64)
    writer_processes: int = _whole(1, 1, 64)
    view_processes: int = _whole(1, 1, 64)
    placement: str = ""  # "brume=1, loos=2": which writer's process serves a caisse; the others are spread evenly
    trunk_port: int = _whole(0, 0, 65_000)  # 0: Unix sockets; else writer N listens on 127.0.0.1 at this port + N - 1
    trunk_in_flight_max: int = _whole(8_192, 1, 1_000_000)

    # Who signs the five proofs each night: a person with the role prover, whose key opens by the first line of the file.
    proofs_by: str = ""
    proofs_passphrase_file: str = ""

    # The database that comes with an installation; each caisse that is served takes four.
    database_connections: int = _whole(80, 20, 10_000)

    # The console, as officers' browsers reach it: "https://caisse.example.org". Passkeys belong to its name; "": localhost.
    console_address: str = ""

    # Readers of the log.
    page_events_max: int = _whole(10_000, 1, 10_000)
    poll_ms: int = _whole(20, 1, 10_000)

    def __post_init__(self) -> None:
        """Raises SettingRefused for a value out of range, or limits that contradict each other."""
        for one in fields(self):
            if one.metadata:
                _require_range(one.name, getattr(self, one.name), one.metadata["least"], one.metadata["most"])
        _ = self.trusted_proxies
        self._require("frame_bytes_max", "command_bytes_max", "a command holds whole lists, a frame one sale")
        if bool(self.proofs_by) != bool(self.proofs_passphrase_file):
            raise SettingRefused(
                f"{_variable('proofs_by')} and {_variable('proofs_passphrase_file')} go together: name the person who signs "
                "the nightly proofs and the file that opens that person's key, or neither"
            )
        if self.console_address and not _ADDRESS.fullmatch(self.console_address):
            raise SettingRefused(
                f"{_variable('console_address')} is '{self.console_address}': write it as the browser shows it, with https:// "
                "and a name, without anything after it"
            )
        self._require("group_max", "inbox_max", "a group is taken out of the inbox")

    @property
    def trusted_proxies(self) -> frozenset[str]:
        """The addresses in proxies. Raises SettingRefused."""
        named = [one.strip() for one in self.proxies.split(",") if one.strip()]
        try:
            return frozenset(str(ip_address(one)) for one in named)
        except ValueError as fault:
            raise SettingRefused(
                f"{_variable('proxies')}: {fault}; write addresses like 127.0.0.1, parted by commas"
            ) from None

    def _require(self, less: str, more: str, why: str) -> None:
        small, large = getattr(self, less), getattr(self, more)
        if small > large:
            raise SettingRefused(
                f"{_variable(less)} is {small} and {_variable(more)} is {large}: {why}; make the first smaller"
            )

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Settings":
        """Settings out of the CLEARING_ variables of env; what is not there keeps its default. Raises SettingRefused."""
        known = {_variable(one.name): one for one in fields(cls)}
        ours = {name: value for name, value in env.items() if name.startswith(PREFIX) and name not in _OF_THE_TESTS}
        unknown = sorted(ours.keys() - known.keys())
        if unknown:
            raise SettingRefused(
                f"{', '.join(unknown)}: no such setting; take it out of the environment, or write one of: "
                f"{', '.join(sorted(known))}"
            )
        return cls(**{known[name].name: _read(name, value, known[name].default) for name, value in ours.items()})


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _read(name: str, value: str, default: object) -> Any:
    text = value.strip().lower()
    if isinstance(default, bool):
        if text not in _YES + _NO:
            raise SettingRefused(f"{name} must be yes or no, not '{value}'")
        return text in _YES
    if isinstance(default, str):
        return value
    if not (text.isascii() and text.isdigit()):
        raise SettingRefused(f"{name} must be a whole number, not '{value}'")
    return int(text)


def _require_range(name: str, value: object, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise SettingRefused(f"{_variable(name)} must be a whole number from {least} to {most}, not {value}")
