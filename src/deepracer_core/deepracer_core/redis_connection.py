"""Connections to a Redis server: checked when they are made, patient with short faults later."""

import os
import ssl
from urllib.parse import parse_qsl, urlencode, urlsplit

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from deepracer_core.credentials import keep_secrets_in
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import open_storage
from deepracer_core.redis_discovery import REDIS_PORT, RedisEndpoint
from deepracer_core.redis_following import RedisFollower, follow

_SCHEMES = ("redis", "rediss", "unix")
_TIMEOUT_S = 5.0
_FOUND_IN = "found_in"
_DEFAULT_PORT = "default_port"
_PASSWORD_VARIABLE = "password_variable"
_OWN = (_FOUND_IN, _DEFAULT_PORT, _PASSWORD_VARIABLE)

_OUTAGES = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.ReadOnlyError,
    redis.OutOfMemoryError,
)
_REFUSED = (redis.AuthenticationError, redis.exceptions.AuthorizationError)
# These error replies pass by themselves, but have no class of their own in every redis-py.
_PASSING_REPLIES = ("MISCONF", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "BUSY ")


class RedisUnavailable(ConnectionError):
    """No Redis server answered at the address in time."""


def connect(url: str, deadline_s: float = 10.0) -> redis.Redis:
    """Connect to a Redis server and wait until it answers.

    Later commands on the client are tried three times with a short backoff before they raise
    `redis.ConnectionError` or `redis.TimeoutError`; the client then connects anew by itself.

    Args:
        url: `redis://` or `rediss://` (TLS), with `user:password@` before the host, or
            `unix:///PATH` of a socket; redis-py's connection options (`ssl_ca_certs`,
            `ssl_certfile`, ...) as its query, and some of our own: `password_variable`, the
            environment variable that holds the password, so that the address is no secret; and
            `found_in`, the place of the run in the store, where each new connection looks up
            whether Redis has moved (`deepracer_core.redis_discovery`), to `default_port` where
            no port is said there.
        deadline_s: how long to wait for a server that is down or still loads its data, seconds.

    Returns:
        A client that takes and returns bytes and can be shared by threads.

    Raises:
        ConfigurationError: the URL, the password or a certificate cannot be used.
        RedisUnavailable: nothing answered within the deadline.
    """
    where = address(url)
    keep_secrets_in(url)
    uses_tls = _scheme(url) == "rediss"
    client = _client(url, where, _TIMEOUT_S, retries=2)
    probe = _client(url, where, max(0.1, min(_TIMEOUT_S, deadline_s)), retries=0)
    attempts = Retrying(
        stop=stop_after_delay(deadline_s),
        wait=wait_random_exponential(multiplier=0.02, max=0.5),
        retry=retry_if_exception(
            lambda error: _may_pass(error) and not (uses_tls and _is_tls_fault(error))
        ),
        reraise=True,
    )
    try:
        attempts(probe.ping)
    except _REFUSED as error:
        raise ConfigurationError(
            f"Redis at {where} refused the login ({error}): {_login_advice(url)}"
        ) from error
    except (redis.RedisError, OSError) as error:
        if uses_tls and _is_tls_fault(error):
            raise ConfigurationError(
                f"no TLS connection to Redis at {where} ({error}): name the authority that signed "
                "its certificate with ?ssl_ca_certs=FILE, this side's own certificate with "
                "ssl_certfile and ssl_keyfile, or use redis:// for a server without TLS"
            ) from error
        raise RedisUnavailable(
            f"no Redis answered at {where} within {deadline_s:g} s ({error}): start the server or "
            "correct the address (rediss:// for a server with TLS, redis:// for one without)"
        ) from error
    finally:
        probe.close()
    return client


def address(url: str) -> str:
    """The address of a Redis server as messages may show it: without user, password and options.

    Raises:
        ConfigurationError: the URL is not one of a Redis server. The message does not repeat it.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ConfigurationError(
            "the address of Redis must begin with redis://, rediss:// or unix://, "
            f"not with {parts.scheme + '://' if parts.scheme else 'a bare name'}"
        )
    # The part before an unencoded "/", "?" or "#" in a password would be taken for the host.
    if "@" in parts.path + parts.query + parts.fragment:
        raise ConfigurationError(
            f"the password in the {parts.scheme}:// address must be percent-encoded "
            "(%2F for /, %3F for ?, %23 for #, %40 for @)"
        )
    if parts.scheme == "unix":
        if parts.hostname or not parts.path:
            raise ConfigurationError(
                "the address of Redis's socket must have its whole path: unix:///PATH"
            )
        return f"unix://{parts.path}"
    try:
        port = parts.port or REDIS_PORT
    except ValueError as error:
        raise ConfigurationError(
            f"the port in the {parts.scheme}:// address must be a number from 1 to 65535"
        ) from error
    endpoint = RedisEndpoint(parts.hostname or "localhost", port)
    return f"{parts.scheme}://{endpoint}{parts.path.rstrip('/')}"


def is_outage(error: BaseException) -> bool:
    """Whether a fault of Redis can pass by itself, so that trying again later makes sense."""
    return isinstance(error, _OUTAGES) or (
        isinstance(error, redis.ResponseError) and str(error).startswith(_PASSING_REPLIES)
    )


def _may_pass(error: BaseException) -> bool:
    return is_outage(error) and not isinstance(error, _REFUSED)


def located(
    endpoint: RedisEndpoint,
    *,
    found_in: str = "",
    default_port: int = REDIS_PORT,
    password_variable: str = "",
    tls: bool = False,
    authority: str = "",
) -> str:
    """The address for `connect` of a server whose place is known.

    Args:
        endpoint: where it listens.
        found_in: see `connect`; it stays at that place without one.
        default_port: see `connect`.
        password_variable: see `connect`; it has no password without one.
        tls: whether it speaks TLS.
        authority: file of the authority that signed its certificate; one that the machine trusts
            without.
    """
    options = {
        "ssl_ca_certs": authority,
        _PASSWORD_VARIABLE: password_variable,
        _FOUND_IN: found_in,
        _DEFAULT_PORT: str(default_port) if found_in and default_port != REDIS_PORT else "",
    }
    query = urlencode({name: value for name, value in options.items() if value})
    return f"{'rediss' if tls else 'redis'}://{endpoint}{'?' if query else ''}{query}"


def _client(url: str, where: str, timeout_s: float, retries: int) -> redis.Redis:
    plain, own = _split(url)
    options: dict[str, object] = {} if _scheme(url) == "unix" else {"socket_keepalive": True}
    if _PASSWORD_VARIABLE in own:
        options["password"] = _password(own[_PASSWORD_VARIABLE], where)
    try:
        pool = redis.ConnectionPool.from_url(
            plain,
            # The older protocol is spoken by every server since 1.2 and needs no handshake.
            protocol=2,
            client_name="deepracer",
            socket_connect_timeout=timeout_s,
            socket_timeout=timeout_s,
            retry=Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.2), retries),
            **options,
        )
        pool.make_connection()
    except (TypeError, ValueError) as error:
        # The reasons given there can quote the address, password and all.
        raise ConfigurationError(
            f"the address {where} has an option that redis-py does not know or cannot read: "
            "expected names like ssl_ca_certs, ssl_certfile, ssl_keyfile, db after the ?"
        ) from error
    if _FOUND_IN in own:
        if _scheme(url) == "unix":
            raise ConfigurationError(
                f"{where} cannot be {_FOUND_IN} a store: a socket does not move"
            )
        parts = urlsplit(plain)
        known = RedisEndpoint(parts.hostname or "localhost", parts.port or REDIS_PORT)
        default_port = int(own.get(_DEFAULT_PORT, REDIS_PORT))
        follow(pool, RedisFollower(open_storage(own[_FOUND_IN]), known, default_port))
    return redis.Redis.from_pool(pool)


def _split(url: str) -> tuple[str, dict[str, str]]:
    """An address as redis-py takes it, and the options of our own that were in it."""
    head, _, query = url.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    own = {name: options.pop(name) for name in _OWN if name in options}
    return (f"{head}?{urlencode(options)}" if options else head) if own else url, own


def _password(variable: str, where: str) -> str:
    password = os.environ.get(variable)
    if not password:
        raise ConfigurationError(
            f"the password of Redis at {where} was to be in the environment variable {variable}, "
            "which is not set: set it"
        )
    return password


def _scheme(url: str) -> str:
    return urlsplit(url).scheme


def _login_advice(url: str) -> str:
    _, own = _split(url)
    if _PASSWORD_VARIABLE in own:
        return f"set the environment variable {own[_PASSWORD_VARIABLE]} to the right password"
    scheme = _scheme(url)
    place = "/PATH" if scheme == "unix" else "HOST:PORT"
    return (
        f"put the right one into its address, {scheme}://USER:PASSWORD@{place} "
        "(percent-encoded; USER may be empty)"
    )


def _is_tls_fault(error: BaseException) -> bool:
    """Whether TLS itself failed: a certificate, its file, or a server that does not speak it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        # Only a certificate is read from a file.
        if isinstance(seen, FileNotFoundError | PermissionError | IsADirectoryError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
