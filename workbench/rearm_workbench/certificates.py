"""A certificate authority for the emulated worlds: nobody trusts it but who is told to (`SSL_CERT_FILE`, or a `ca` in the settings)."""

import datetime
import ipaddress
import ssl
import tempfile
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Authority:
    """Its own key and certificate. What it issues holds from yesterday on, by the machine's own clock: OpenSSL reads no other."""

    def __init__(self, *, identified: bool = True) -> None:
        """`identified` False: without key identifiers, as the certificates of EKS are."""
        self._identified = identified
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("rearm's emulated authority")
        self._scratch = tempfile.TemporaryDirectory(prefix="rearm-tls-")
        self._issued = 0
        basic = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        built = self._builder(self._name, self._key.public_key(), datetime.timedelta(days=20_000))
        signed = built.add_extension(basic, critical=True).add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.pem = signed.public_bytes(serialization.Encoding.PEM).decode()
        self.file = Path(self._scratch.name) / "authority.pem"
        """The same as a file, as long as this object lives."""
        self.file.write_text(self.pem)

    def issue(self, names: tuple[str, ...], lasts: datetime.timedelta = 10_000 * DAY) -> Path:
        """A file with a certificate for these names and addresses, and its key. The first name is the subject's."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = self._builder(_named(names[0]), key.public_key(), lasts)
        built = built.add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        certificate = built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self._issued += 1
        path = Path(self._scratch.name) / f"{self._issued}.pem"
        path.write_bytes(certificate + key.private_bytes(*form))
        return path

    def server(self, names: tuple[str, ...], lasts: datetime.timedelta = 10_000 * DAY) -> ssl.SSLContext:
        """What a server of these names needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issue(names, lasts))
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, lasts: datetime.timedelta) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        begin = now - DAY if lasts > datetime.timedelta(0) else now + lasts - DAY
        built = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        built = built.serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(now + lasts)
        if not self._identified:
            return built
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False).add_extension(own, critical=False)


@cache
def authority() -> Authority:
    """The one of this process: a key takes a moment to make."""
    return Authority()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
