"""The smallest policies for a configuration. START HERE: `needs.py` says who needs what, `policy.py` writes it down.

What an operation's permission is called, and how narrow it can be given, is in `facts_aws.py` and `facts_alibaba.py`; what rearm itself
calls, besides the checks and steps, is in `port.py`. Never deployed.
"""
