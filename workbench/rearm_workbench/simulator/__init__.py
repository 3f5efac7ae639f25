"""The deployed code in virtual time, under faults. START HERE: `simulation.py` is one run; `scenario.py` says what is drawn for it.

scenario.py     what a seed makes: a cloud, its waits, their faults            pure
weather.py      which call fails, which timer is late, who is killed, and the mercy of a gentle run
simulation.py   one run: invocations of the deployed handlers on one virtual clock; timers.py, on their way; rate.py, a throttled account
platform.py     who invokes what, and how often again: Lambda, SQS, Function Compute
account.py      the fast tier's cloud: the emulators' own lifecycle model, timers and hooks, at the port; listings.py, what a sweep is told
full.py         the full tier's cloud: the emulators themselves, through the real SDKs; full_aws.py, full_alibaba.py, full_logs.py
invariants.py   what must hold after every step
campaign.py     many runs on every core; command.py, the `rearm simulate` command
"""
