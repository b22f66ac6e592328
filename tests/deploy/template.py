"""The CloudFormation template as data, its functions filled in as far as the tests need it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.decode import cfn_yaml
from roles import DEPLOY

PATH = DEPLOY / "aws" / "template.yaml"
KNOWN = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "racing",
    "Bucket": "deepracer",
    "Bucket.Arn": "arn:aws:s3:::deepracer",
    "RedisPassword": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:password",
}
"""What names stand for; others stand for themselves."""


def resources() -> dict[str, Any]:
    """The resources by their names."""
    return filled(cfn_yaml.load(str(PATH))["Resources"])


def filled(value: Any, known: Mapping[str, str] = KNOWN) -> Any:
    """A value with Ref, Fn::GetAtt and Fn::Sub filled in."""
    if isinstance(value, list):
        return [filled(entry, known) for entry in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return known.get(value["Ref"], value["Ref"])
    if set(value) == {"Fn::GetAtt"}:
        name = value["Fn::GetAtt"]
        name = name if isinstance(name, str) else ".".join(name)
        return known.get(name, name)
    if set(value) == {"Fn::Sub"}:
        return re.sub(
            r"\$\{([\w.:]+)\}", lambda found: known.get(found[1], found[1]), value["Fn::Sub"]
        )
    return {str(key): filled(entry, known) for key, entry in value.items()}


def statements(role: str) -> Iterator[dict[str, Any]]:
    """What a role allows, actions and resources as lists."""
    for policy in resources()[role]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            yield {**statement, **{key: _list(statement[key]) for key in ("Action", "Resource")}}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
