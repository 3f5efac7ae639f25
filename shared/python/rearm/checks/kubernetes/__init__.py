"""One cluster's API server. START HERE: `cluster`. The way in: `access`, `eks`, `ack`; the requests: `api`; what they tell: `objects`."""
