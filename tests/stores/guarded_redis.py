"""A Redis server with a password and TLS, as it is between machines."""

import datetime
import ipaddress
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from deepracer_core.free_port import free_port

PASSWORD = "pl@nted/secret?#"
ENCODED = "pl%40nted%2Fsecret%3F%23"


@dataclass
class GuardedServer:
    """A Redis with a password, on a plain port, a TLS port and a socket."""

    port: int
    tls_port: int
    socket: Path
    authority: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it, and wait until it has."""
        self.process.terminate()
        self.process.wait()


def start_guarded(folder: Path) -> GuardedServer:
    """Start one with certificates of its own."""
    authority = make_certificates(folder)
    port, tls_port = free_port(), free_port()
    settings = f"""
        bind 127.0.0.1
        port {port}
        tls-port {tls_port}
        unixsocket {folder}/redis.sock
        tls-cert-file {folder}/server.crt
        tls-key-file {folder}/server.key
        tls-auth-clients no
        requirepass "{PASSWORD}"
        save ""
    """
    server = subprocess.Popen(
        ["redis-server", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=folder
    )
    assert server.stdin is not None
    server.stdin.write(settings.encode())
    server.stdin.close()
    return GuardedServer(port, tls_port, folder / "redis.sock", authority, server)


def make_certificates(folder: Path) -> Path:
    """An authority of our own and a certificate for 127.0.0.1 that it has signed."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(name: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = (
        certificate("authority", authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    server_key = ec.generate_private_key(ec.SECP256R1())
    server = (
        certificate("server", server_key.public_key())
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "authority.crt").write_bytes(authority.public_bytes(pem))
    (folder / "server.crt").write_bytes(server.public_bytes(pem))
    (folder / "server.key").write_bytes(
        server_key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "authority.crt"
