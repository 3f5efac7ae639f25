"""When a certificate ends, read from its DER form: the standard library tells that only of certificates that it has verified.

RFC 5280, 4.1: Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version OPTIONAL, serialNumber, signature, issuer,
validity SEQUENCE { notBefore, notAfter }, ... }, ... }.
"""

SEQUENCE, VERSION, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


def not_after(der: bytes) -> float:
    """Seconds since the epoch. Raises ValueError for what is no certificate."""
    try:
        tbs = _inside(_inside(der, SEQUENCE)[0], SEQUENCE)[0]
        if tbs[0] == VERSION:
            tbs = _inside(tbs, VERSION)[1]
        for _ in ("serialNumber", "signature", "issuer"):
            tbs = _inside(tbs, tbs[0])[1]
        validity = _inside(tbs, SEQUENCE)[0]
        times = _inside(validity, validity[0])[1]
        return _seconds(times[0], _inside(times, times[0])[0].decode("ascii"))
    except (IndexError, UnicodeDecodeError):
        raise ValueError("no certificate") from None


def _inside(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the element that `data` begins with, and what follows it."""
    if data[0] != tag:
        raise ValueError("no certificate")
    length, begin = data[1], 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(data[2:begin], "big")
    if len(data) < begin + length:
        raise ValueError("no certificate")
    return data[begin : begin + length], data[begin + length :]


def _seconds(tag: int, text: str) -> float:
    """`YYMMDDHHMMSSZ` (1950 to 2049) or `YYYYMMDDHHMMSSZ` (RFC 5280, 4.1.2.5)."""
    from datetime import datetime, timezone

    if tag == UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != GENERALIZED_TIME:
        raise ValueError("no certificate")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
