"""Where the page is served: its socket, the address that others open, and the names under which it answers."""

from __future__ import annotations

import ipaddress
import socket


def listen(host: str, wanted: int) -> socket.socket:
    """A socket on the wanted port, or on any other when somebody has it. Raises OSError where there is none."""
    for port in (wanted, 0):
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            # Not before: on Linux two may bind a port that nobody listens on.
            listening.listen(128)
        except OSError:
            listening.close()
            if port == 0:
                raise
            continue
        return listening
    raise OSError(f"no free port on {host}")


def is_loopback(listening: socket.socket) -> bool:
    """Whether nobody but this machine can reach it."""
    address = ipaddress.ip_address(listening.getsockname()[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def own_address(family: socket.AddressFamily) -> str | None:
    """An address of this machine's by which others can reach it; None without a network."""
    # The one from which it would send to somewhere far away (an address for documents). Nothing is sent for that.
    far_away = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((far_away, 9))
            own = asking.getsockname()[0]
    except OSError:
        return None
    address = ipaddress.ip_address(own)
    return None if address.is_unspecified or address.is_loopback or address.is_link_local else own


def opened_by(listening: socket.socket) -> str:
    """The address and port by which the page is opened, as a URL has them."""
    address, port = listening.getsockname()[:2]
    if ipaddress.ip_address(address).is_unspecified:
        # All addresses are none that a browser elsewhere could open.
        families = [socket.AF_INET]
        if ":" in address:
            both = not listening.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
            families = [socket.AF_INET, socket.AF_INET6] if both else [socket.AF_INET6]
        address = next(filter(None, map(own_address, families)), address)
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def names(host: str, exposed: bool, own: str | None = None) -> set[str]:
    """The names by which the page may be opened, beside addresses: none that another site could give this machine.
    `own` is this machine's name, which others can use where it is `exposed`.
    """
    names = {"localhost", host.lower()}
    if exposed:
        own = (socket.gethostname() if own is None else own).lower()
        names |= {own, f"{own.partition('.')[0]}.local"}
    return names - {"", ".local"}
