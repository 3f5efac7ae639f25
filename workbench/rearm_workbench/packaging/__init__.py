"""`rearm package`: the archives that every deployer takes, the same bytes from the same sources.

START HERE: `build.py` puts the archives together. `wheels.py` fetches what `requirements-*.txt` pin, `left_out.py` says what of it is not
deployed, `botocore_data.py` cuts the models of AWS to the operations of `operations.py`, `bytecode.py` compiles with the target's
interpreter, `archive.py` writes the same zip for the same files.
"""
