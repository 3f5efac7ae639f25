"""`rearm emulate`: both emulated clouds in real time, with functions that run and state that survives. START HERE: `service.py`."""
