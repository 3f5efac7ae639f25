"""The four deployment descriptions, read into one model (`model.py`), so that one test can hold them together.

`sam`, `serverless`, `serverless_devs` and `funcraft` each read one tool's files; `intrinsics` works out CloudFormation's functions
and ROS's.
"""
