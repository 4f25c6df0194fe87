"""Stand-in for pulumi-resource-random: the bcrypt hash of a password, by the system's libcrypt."""

from __future__ import annotations

import base64
import ctypes
import secrets
import threading

from ..wire.errors import PluginError

_LIBRARIES = ("libcrypt.so.1", "libcrypt.so.2")
_COST = 10
_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# crypt(3) returns a static buffer.
_LOCK = threading.Lock()


def _library() -> ctypes.CDLL:
    for name in _LIBRARIES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise PluginError("RandomPassword needs the system's libcrypt (package libcrypt1 or libxcrypt): install it")


def _salt() -> bytes:
    # 16 random bytes are 22 characters; bcrypt's last character carries only two bits.
    return base64.b64encode(secrets.token_bytes(16))[:22].translate(bytes.maketrans(_STANDARD, _BCRYPT))


def crypt(password: str, setting: bytes) -> str:
    """The hash of the password for a setting, which a hash begins with; raises PluginError without bcrypt."""
    library = _library()
    library.crypt.restype = ctypes.c_char_p
    library.crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    with _LOCK:
        result: bytes | None = library.crypt(password.encode(), setting)
    if result is None or not result.startswith(b"$2a$"):
        raise PluginError("RandomPassword: the system's libcrypt does not support bcrypt: install libxcrypt")
    return result.decode()


def bcrypt_hash(password: str) -> str:
    """The hash in the form `$2a$10$...`; bcrypt reads the first 72 bytes; raises PluginError without libcrypt."""
    return crypt(password, b"$2a$%02d$" % _COST + _salt())
