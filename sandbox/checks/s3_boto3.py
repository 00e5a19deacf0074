"""Talks to the sandbox's S3 through Amazon's own SDK, which knows nothing of the sandbox.

Needs a running sandbox and `pip install boto3`:

    python sandbox/checks/s3_boto3.py http://127.0.0.1:9090

Each line says what held; the first thing that does not hold ends the run with a traceback.
"""

import json
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET, REGION = "rei-assets", "here-1"


def main(base_url):
    s3 = client(base_url, REGION, "sandbox-secret-that-opens-nothing-else")
    for name in ("a b/ключ+1.png", "plain", "z/<&>"):
        s3.put_object(Bucket=BUCKET, Key=name, Body=name.encode())
        found = s3.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        assert found == name.encode(), found
        assert s3.head_object(Bucket=BUCKET, Key=name)["ContentLength"] == len(name.encode())
    held("objects come back under any name")

    for number in range(1005):
        s3.put_object(Bucket=BUCKET, Key=f"many/{number:04}", Body=b"x")
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="many/"))
    keys = [found["Key"] for page in pages for found in page["Contents"]]
    assert len(pages) == 2 and len(keys) == 1005 and keys == sorted(keys), len(keys)
    held("lists come in pages")

    s3.delete_object(Bucket=BUCKET, Key="plain")
    s3.delete_object(Bucket=BUCKET, Key="plain")
    refused("NoSuchKey", lambda: s3.get_object(Bucket=BUCKET, Key="plain"))
    refused("NoSuchBucket", lambda: s3.list_objects_v2(Bucket="nobodys"))
    held("what is gone is gone")

    stranger = client(base_url, REGION, "another")
    refused("SignatureDoesNotMatch", lambda: stranger.list_objects_v2(Bucket=BUCKET))
    elsewhere = client(base_url, "there-1", "sandbox-secret-that-opens-nothing-else")
    refused("AuthorizationHeaderMalformed", lambda: elsewhere.list_objects_v2(Bucket=BUCKET))
    held("strangers and other regions are refused")

    fault = {"operation": "get", "times": 1, "kind": {"type": "slow_down"}}
    control(base_url, "POST", "faults", fault)
    refused("SlowDown", lambda: s3.get_object(Bucket=BUCKET, Key="many/0000"))
    s3.get_object(Bucket=BUCKET, Key="many/0000")
    held("faults come on request")
    control(base_url, "DELETE", f"buckets/{BUCKET}")


def client(base_url, region, secret):
    return boto3.client(
        "s3",
        endpoint_url=f"{base_url}/s3",
        region_name=region,
        aws_access_key_id="sandbox-access-key",
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
    )


def control(base_url, method, path, body=None):
    request = urllib.request.Request(
        f"{base_url}/control/s3/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refused(code, call):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
    else:
        raise AssertionError(f"{code} was expected")


def held(what):
    print(f"ok  {what}")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
