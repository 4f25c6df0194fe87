"""Readiness checks that cost little: a connection, or one HTTP request."""

import asyncio
import ssl

_SECONDS = 2.0


async def accepts(host: str, port: int) -> bool:
    """Whether something accepts TCP connections there."""
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def answers(host: str, port: int, path: str, *, tls: bool = False) -> bool:
    """Whether an HTTP GET there is answered with a status from 200 to 399, as a kubelet's probe counts it."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await _status(host, port, path, tls) in range(200, 400)
    except (OSError, TimeoutError, ValueError, IndexError, EOFError):
        return False


async def _status(host: str, port: int, path: str, tls: bool) -> int:
    reader, writer = await asyncio.open_connection(host, port, ssl=_unverified() if tls else None)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        return int(line.split()[1])
    finally:
        writer.close()


def _unverified() -> ssl.SSLContext:
    # As a kubelet's HTTPS probe: the certificate is made by the program itself and proves nothing.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
