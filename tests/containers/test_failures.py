"""Jobs that cannot begin: one line that says what to do, for the service and in the log."""

import pytest
from http_faults import refuse
from opt_ml import PASSWORD, SECRET_KEY


def fails(container, opt_ml) -> str:
    """Wait for the failure of a container and check how it is told."""
    assert container.wait(60.0) == 1, container.said
    reason = opt_ml.failure
    assert reason
    assert "\n" not in reason
    assert f"the job failed: {reason}" in container.said
    assert "Traceback" not in container.said
    for secret in (PASSWORD, SECRET_KEY):
        assert secret not in container.said
        assert secret not in reason
    return reason


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"lr": "7"}, "hyperparameters.json: lr: expected a number from 1e-08 to 0.001, got '7'"),
        ({"batch_size": "63"}, "batch_size: expected a power of two from 32 to 512, got '63'"),
        ({"job_duration_in_seconds": "x"}, "job_duration_in_seconds: expected an integer"),
        ({"s3_bucket": ""}, "s3_bucket is missing"),
        ({"model_metadata_s3_key": "nowhere.json"}, "nowhere.json is not there"),
        ({"s3_bucket": "no-such-bucket"}, "refuses (NoSuchBucket): create the bucket, or correct"),
        (
            {"pretrained_s3_bucket": "no-such-bucket", "pretrained_s3_prefix": "p"},
            "s3://no-such-bucket/p at http://127.0.0.1",
        ),
    ],
)
def test_something_given_cannot_be_used(opt_ml, request_of_a_user, changed, message):
    opt_ml.give({**request_of_a_user, **changed})
    assert message in fails(opt_ml.start(), opt_ml)


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, "InvalidAccessKeyId", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (403, "SignatureDoesNotMatch", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (400, "ExpiredToken", "get new temporary credentials"),
        (
            403,
            "AccessDenied",
            "allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket",
        ),
        (403, "RequestTimeTooSkewed", "set the clock of this machine"),
    ],
)
def test_s3_refuses(opt_ml, bucket, request_of_a_user, status, code, advice):
    opt_ml.give(request_of_a_user)
    bucket.faults.plan(refuse(status, code), times=1000)
    reason = fails(opt_ml.start(), opt_ml)
    assert f"refuses ({code})" in reason
    assert advice in reason


def test_no_credentials(opt_ml, request_of_a_user, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    opt_ml.give(request_of_a_user)
    assert "no credentials for s3://" in fails(opt_ml.start(), opt_ml)


def test_no_password_for_the_simulations(opt_ml, request_of_a_user):
    opt_ml.give(request_of_a_user)
    reason = fails(opt_ml.start(REDIS_PASSWORD=""), opt_ml)
    assert "set REDIS_PASSWORD or REDIS_PASSWORD_FILE here and there" in reason


def test_a_certificate_that_is_not_there(opt_ml, request_of_a_user):
    opt_ml.give(request_of_a_user)
    reason = fails(opt_ml.start(REDIS_TLS_CERTIFICATE="/nowhere.pem"), opt_ml)
    assert "REDIS_TLS_CERTIFICATE: expected a file, got /nowhere.pem" in reason


def test_a_redis_that_does_not_answer(opt_ml, request_of_a_user):
    opt_ml.give(request_of_a_user)
    told = {"DEEPRACER_REDIS": f"redis://:{SECRET_KEY}@127.0.0.1:1"}
    reason = fails(opt_ml.start(**told), opt_ml)
    assert "no Redis answered at redis://127.0.0.1:1" in reason


def test_several_instances(opt_ml, request_of_a_user):
    opt_ml.give(request_of_a_user)
    config = opt_ml.root / "input/config/resourceconfig.json"
    config.write_text('{"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}')
    assert "the job has 2 instances, algo-1, algo-2" in fails(opt_ml.start(), opt_ml)


def test_no_model_to_start_from(opt_ml, bucket, request_of_a_user):
    """Nothing of this project lies there: a checkpoint of the original's, for example."""
    bucket.put("old/model/12_Step-9000.ckpt.index", b"checkpoint")
    opt_ml.give(
        {
            **request_of_a_user,
            "pretrained_s3_bucket": bucket.name,
            "pretrained_s3_prefix": "old",
        }
    )
    reason = fails(opt_ml.start(), opt_ml)
    assert "has no version yet" in reason
