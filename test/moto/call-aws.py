"""Calls AWS's own SDK for Python, which checks every parameter against AWS's service models before it sends anything.

Standard input: a JSON list of [service, operation, parameters]. Standard output: a JSON list of answers, or {"Error": …} for one that was refused.
"""
import json
import sys
import time

import boto3
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

endpoint, region = sys.argv[1:3]
keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": region}
clients = {}
answers = []
for service, operation, parameters in json.load(sys.stdin):
    client = clients.setdefault(service, boto3.client(service, endpoint_url=endpoint, **keys))
    try:
        answer = getattr(client, operation)(**parameters)
        # An execution is asked about until it has ended.
        for _ in range(300):
            if (operation, answer.get("status")) != ("describe_execution", "RUNNING"):
                break
            time.sleep(0.2)
            answer = client.describe_execution(**parameters)
        answer.pop("ResponseMetadata", None)
    except (ClientError, BotoCoreError, ParamValidationError) as error:
        answer = {"Error": str(error)}
    answers.append(answer)
json.dump(answers, sys.stdout, default=str)
