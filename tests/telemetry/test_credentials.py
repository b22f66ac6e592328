"""What is written has no credentials in it, however they got there."""

import pytest
from deepracer_core.credentials import keep_secret, keep_secrets_of, redact

from deepracer_core import credentials


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(credentials, "_known", set())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "redis at redis://:s3cr3t@host:6379/0 is away",
            "redis at redis://***@host:6379/0 is away",
        ),
        ("run redis:=rediss://u:p%40ss@host", "run redis:=rediss://***@host"),
        ("redis://host?password=s3cr3t&ssl_ca_certs=a", "redis://host?password=***&ssl_ca_certs=a"),
        ("PUT /?X-Amz-Signature=0ff&X=1", "PUT /?X-Amz-Signature=***&X=1"),
        ("X-Amz-Security-Token: abc/def+", "X-Amz-Security-Token: ***"),
        ('{"SecretAccessKey": "abc/def+", "a": 1}', '{"SecretAccessKey": "***", "a": 1}'),
        ("aws_secret_access_key = abc", "aws_secret_access_key = ***"),
        ("Authorization: Bearer abc def", "Authorization: ***"),
        ("key AKIAIOSFODNN7EXAMPLE is unknown", "key *** is unknown"),
    ],
)
def test_what_looks_like_a_credential_is_hidden(text, written):
    assert redact(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE, or a role)",
        "put the right one into its address, redis://USER:PASSWORD@HOST:PORT",
        "the password in the redis:// address must be percent-encoded",
        "no credentials for s3://bucket (Unable to locate credentials): set some",
        "The security token included in the request is invalid.",
        "episode 3: off_track, 12.5 % in 40 steps (2.67 s), reward 3.20, model 1",
    ],
)
def test_what_helps_a_person_stays(text):
    assert redact(text) == text


def test_values_of_secret_variables_are_hidden_wherever_they_come_up():
    keep_secrets_of(
        {
            "AWS_SECRET_ACCESS_KEY": "abcdefgh12345678",
            "GITHUB_TOKEN": "tokentoken",
            "DEEPRACER_REDIS": "redis://:p%40ssword@host",
            "HOME": "/somewhere/home",
        }
    )
    text = "abcdefgh12345678 and tokentoken and p@ssword and p%40ssword in /somewhere/home"
    assert redact(text) == "*** and *** and *** and *** in /somewhere/home"


def test_a_secret_within_another_does_not_leave_the_rest_of_it():
    keep_secret("abcd", "abcd-and-more")
    assert redact("it is abcd-and-more") == "it is ***"


def test_short_words_are_not_taken_for_secrets():
    keep_secrets_of({"AWS_SECRET_ACCESS_KEY": "testing", "TOKEN": ""})
    keep_secret("", "ab")
    assert redact("about testing") == "about testing"
