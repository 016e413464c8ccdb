"""How a program tells the test what it saw, and asks a person to do something (see foreign.py)."""

import json
import os
import sys

READMIT = os.environ["READMIT"]
TENANT, CLIENT_ID, CLIENT_SECRET = (os.environ[name] for name in ("TENANT", "CLIENT_ID", "CLIENT_SECRET"))


def tell(**facts):
    print(json.dumps(facts), flush=True)


def ask(what, **told):
    print(json.dumps({"ask": what, **told}), flush=True)
    return json.loads(sys.stdin.readline())
