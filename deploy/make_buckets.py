"""Make the buckets that are named, unless they are there: `python deploy/make_buckets.py NAME...`."""

import sys
import time

import boto3
from botocore.exceptions import ClientError, EndpointConnectionError

PATIENCE_SECONDS = 60

client, deadline = boto3.client("s3"), time.monotonic() + PATIENCE_SECONDS
for name in sys.argv[1:]:
    while True:
        try:
            client.create_bucket(Bucket=name)
        except EndpointConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
            continue
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
                raise
        break
