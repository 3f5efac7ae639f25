"""The rules, pure: values in, values out. No clock, no I/O, no SDK. Start at `decide.py`."""
