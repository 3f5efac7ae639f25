"""What `docs/reliability.md` tells, measured: the deployed code in worlds made by hand, beside other rules in the same worlds.

worlds.py       the worlds: a burst, losses, failing calls, late timers, short hooks
rows.py         START HERE: every row of every table, and what is played in it
measured.py     one run, and what is counted in it
handwritten.py  the handler that people write: a heartbeat with every check
variants.py     rules of the deployed code replaced by others, for comparison
run.py          all rows, on every core
page.py         the page; plot.py, its picture; `make reliability` writes them
"""
