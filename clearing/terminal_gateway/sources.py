"""Law: whoever knocks is known by an address of their own, also through the proxy in front of the gateway.

The gateway listens on this machine alone; what comes from outside comes through a proxy that ends TLS. If that one's address
were everybody's, one stranger could silence all stalls. Nobody but a named proxy may say whose a request is.
"""

from ipaddress import ip_address
from typing import Final

from aiohttp import web

FORWARDED: Final = "X-Forwarded-For"


class Sources:
    """Says whose address a request came from. proxies: those whose FORWARDED is believed."""

    def __init__(self, proxies: frozenset[str]) -> None:
        self._proxies: Final = proxies

    def of(self, request: web.BaseRequest) -> str:
        """The peer; behind a proxy the last address it names, which is the one it saw itself."""
        remote = request.remote or ""
        if remote not in self._proxies:
            return remote
        named = request.headers.getall(FORWARDED, ())
        last = named[-1].rpartition(",")[2].strip() if named else ""
        try:
            return str(ip_address(last)) if last else remote
        except ValueError:
            return remote
