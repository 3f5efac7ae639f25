"""A connection to the instance: where to, by TCP, TLS or HTTP, and what came back. Of `http`, `tcp`, `tls`, and whoever else connects."""
