"""Run where the S3 server can be reached: makes a bucket, and users with keys and policies.

    store_keys.py ENDPOINT BUCKET < {"user": {policy}, ...} > {"user": [access key, secret], ...}

From then on the server takes no request that is not signed by one of them and allowed to it.
"""

import json
import sys
import urllib.request

import boto3


def main() -> None:
    endpoint, bucket = sys.argv[1:]
    anyone = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    boto3.client("s3", endpoint_url=endpoint, **anyone).create_bucket(Bucket=bucket)
    iam = boto3.client("iam", endpoint_url=endpoint, **anyone)
    keys = {}
    for user, policy in json.load(sys.stdin).items():
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="its-own", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        keys[user] = [key["AccessKeyId"], key["SecretAccessKey"]]
    ask = urllib.request.Request(
        f"{endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"}, method="POST"
    )
    urllib.request.urlopen(ask, timeout=10).close()
    print(json.dumps(keys))


if __name__ == "__main__":
    main()
