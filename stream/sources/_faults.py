"""Why a camera on the network does not play, in one word and in plain words."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import av.error

from ..messages import SourceState
from ..secrets import SecretUrl

LOOK_S = 1.0
"""How long each step of a closer look may take; it follows a failure that took up to 3 s."""

DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322}
"""Source: RFC 2326, RFC 7826."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`state` is why; `detail` names the remedy and holds no password."""

    state: SourceState
    detail: str


def fault_of(error: Exception, url: SecretUrl, ca_file: Path | None, *, is_timeout: bool) -> Fault:
    """Tell why a camera could not be opened or read; may look closer, for two seconds at most."""
    where = f"{url.host}:{url.port or DEFAULT_PORTS[url.scheme]}"
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        wrong = "check user and password" if url.user else "it asks for a user and a password"
        return Fault("refused", f"{where} refuses the login: {wrong}")
    if isinstance(error, av.error.HTTPNotFoundError):
        return Fault("not_found", f"{where} knows no such stream: check the path {url.path or '/'}")
    if isinstance(error, ConnectionRefusedError):
        return Fault("closed_port", f"nothing listens at {where}: check the port, or wait")
    if isinstance(error, av.error.DecoderNotFoundError):
        return Fault("unsupported", f"{where} sends a codec that cannot be decoded")
    found = _look(url, where, ca_file)
    if is_timeout and found.state == "unsupported":
        return Fault("silent", f"{where} did not answer in time: it was starting, or is too slow")
    return found


def _look(url: SecretUrl, where: str, ca_file: Path | None) -> Fault:
    """Connect as plainly as possible, since FFmpeg gives one error for many causes."""
    port = url.port or DEFAULT_PORTS[url.scheme]
    try:
        socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Fault("no_host", f"the name {url.host} cannot be resolved: check it, and the DNS")
    try:
        line = socket.create_connection((url.host, port), timeout=LOOK_S)
    except ConnectionRefusedError:
        return Fault("closed_port", f"nothing listens at {where}: check the port, or wait")
    except TimeoutError:
        return Fault("no_route", f"{where} does not answer: check the address and the cable")
    except OSError:
        return Fault("no_route", f"there is no way to {where}: check the network")
    with line:
        try:
            if url.scheme == "rtsp":
                return _listen(line, where)
            with _tls(ca_file).wrap_socket(line, server_hostname=url.host) as secured:
                return _listen(secured, where)
        except ssl.SSLCertVerificationError as error:
            why = error.verify_message.rstrip(".")
            return Fault("refused", f"the certificate of {where} is not vouched for: {why}")
        except ssl.SSLError:
            return Fault("garbage", f"{where} speaks no TLS: check the port, or write rtsp://")
        except TimeoutError:
            return Fault("silent", f"{where} accepts and says nothing: it hangs, or is no camera")
        except OSError:
            return Fault("hung_up", f"{where} hangs up at once: it may serve too many already")


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = ca_file is not None
    context.verify_mode = ssl.CERT_NONE if ca_file is None else ssl.CERT_REQUIRED
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _listen(line: socket.socket, where: str) -> Fault:
    line.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
    said = line.recv(64)
    if not said:
        return Fault("hung_up", f"{where} hangs up at once: it may serve too many already")
    if not said.startswith(b"RTSP/"):
        return Fault("garbage", f"{where} speaks another protocol than RTSP: check the port")
    return Fault(
        "unsupported",
        f"{where} answers, but has no video to read: try the other transport",
    )
