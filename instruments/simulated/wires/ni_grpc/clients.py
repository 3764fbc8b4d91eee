"""Whose the tasks are: those of a client that is gone are cleared, as the driver on a PC does when a process dies.

(NI's own device server keeps them; the stand-in serves in place of a driver, not of a server in the network.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psutil


class TaskOwners:
    """The connection each task was last spoken for on; `port` is the server's."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._peers: dict[str, str] = {}

    def note(self, peer: str, request: Any, response: Any) -> None:
        """Note on whose connection a task was made or spoken of."""
        for message in (request, response):
            if "task" in message.DESCRIPTOR.fields_by_name and message.task.name:
                self._peers[message.task.name] = peer

    def orphans(self) -> Iterator[str]:
        """Yield, once, the tasks whose connection is no more."""
        connected = {
            connection.raddr.port
            for connection in psutil.Process().net_connections("tcp")
            if connection.laddr.port == self._port and connection.status == psutil.CONN_ESTABLISHED
        }
        for name, peer in tuple(self._peers.items()):
            if int(peer.rpartition(":")[2]) not in connected:
                del self._peers[name]
                yield name
