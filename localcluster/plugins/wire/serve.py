"""Stand-in for the Go SDK's plug-in main: serves gRPC on a free port of 127.0.0.1 and prints the port."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import grpc
from google._upb import _message as protobuf

# 400 MB, as in the SDKs: a checkpointed CRD is larger than gRPC's default of 4 MB.
_MAX_MESSAGE = 400 * 1024 * 1024
# The engine calls in parallel, and a call that waits for readiness holds its thread.
_THREADS = 64
_PARENT_POLL_SECONDS = 1.0


def serve(
    register: Callable[[grpc.Server], None], stopping: threading.Event, at_end: Callable[[], None] = lambda: None
) -> NoReturn:
    """Serve until a signal comes or the engine is gone; `stopping` is set first, so that waits can end."""
    # The schema of a CRD is nested more deeply than protobuf reads unless told: three messages per level of JSON.
    protobuf.SetAllowOversizeProtos(True)
    options = [("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.max_send_message_length", _MAX_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(max_workers=_THREADS), options=options)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port)
    sys.stdout.flush()
    _wait_for_end()
    stopping.set()
    at_end()
    server.stop(grace=0.2).wait()
    # A call that still waits for an answer of the API server would otherwise keep the process alive.
    sys.stdout.flush()
    os._exit(0)


def _wait_for_end() -> None:
    """Return on a signal, or when the parent is another process: an engine that was killed stops no plug-in."""
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    for number in (signal.SIGINT, signal.SIGTERM):
        # The handler runs between any two instructions, where taking a lock could deadlock: the pipe tells.
        signal.signal(number, lambda *_: None)
    parent = os.getppid()
    while os.getppid() == parent:
        ready, _, _ = select.select([awake], [], [], _PARENT_POLL_SECONDS)
        if ready:
            return
