"""rearm keeps an instance in its lifecycle hook until it is really ready (or really drained).

This package is the layer: it is all that is deployed beside the doorways in `functions/`.
Start reading at `core/decide.py`: every rule of the product is there.
"""

__version__ = "0.1.0"
