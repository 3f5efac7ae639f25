"""`rearm deploy`: one environment, one cloud, one tool. START HERE: `environment` reads what the operator writes; `command` is the order.

`judge` refuses what cannot be meant, `refusals` what cannot be done here and now, `render` writes what the tool needs, `plan` says it.
"""
