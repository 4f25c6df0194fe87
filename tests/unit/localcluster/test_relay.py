"""A program that has other ports here answers where its image would."""

import asyncio
import socket

from localcluster.programs import discover, taken_ports
from localcluster.relay import listener_at, serve

ADDRESS = "127.0.0.2"
"""As good as a pod's."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def test_the_ports_of_the_image_lead_to_the_program() -> None:
    async def ask() -> bytes:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"flagger_info 1\n")
            writer.close()

        program = await asyncio.start_server(answer, "", free_port())
        own = program.sockets[0].getsockname()[1]
        port = free_port()
        # Someone else has the port on another address, as the apps have.
        async with program, await serve(listener_at(ADDRESS, port), lambda: (ADDRESS, own)):
            other = listener_at("127.0.0.3", port)
            reader, writer = await asyncio.open_connection(ADDRESS, port)
            found = await reader.read()
            writer.close()
            other.close()
            return found

    assert asyncio.run(ask()) == b"flagger_info 1\n"


def test_a_port_that_was_moved_is_no_ones_and_leads_to_one_that_the_program_has() -> None:
    for program in discover():
        for port, own in program.moved.items():
            assert port not in taken_ports()
            assert own in program.taken
