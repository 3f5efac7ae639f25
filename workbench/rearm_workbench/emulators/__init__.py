"""Emulated clouds: `aws` (moto, extended by subclass), `alibaba` (HTTP), both on the one model in `lifecycle.py`."""
