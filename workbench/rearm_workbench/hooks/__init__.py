"""`rearm hooks`: lifecycle hooks from a declarative file. START HERE: `diff.py` holds every rule of plan, apply and remove.

`hooks_file` reads the file, `aws` and `alibaba` speak to the clouds under the same names, `state` remembers what was made, `run` does
what was decided, `findings` and `delivery` are the rules of `verify`, `show` is what people read.
"""
