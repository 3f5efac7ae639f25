"""Every run of a few bounded worlds, and not a sample of them. START HERE: `worlds.py` says which; `moves.py` says what can happen in them.

worlds.py       the table: one wait, two deliveries of its notification, a few slots, and how many faults
state.py        all in which two moments of a world can differ
handlers.py     the deployed doorways, look and core as a function: from an invocation's past to what it asks next
port.py         its notification, and the port at which it asks
bookkeeper.py   the cloud's side: the simulator's account, put into a moment and asked once
invocations.py  the fate of each call, the end of an invocation, its platform's next delivery
moves.py        everything that can happen next
promises.py     what must hold in every state, and at every end
search.py       each state once, nearest first; the counts; a violation, and its replay

Why it is enough to look at each state once. A handler of the deployed code is deterministic: it reads its event, the time, what its
process remembers (`look.armed`) and the answers of its calls, and nothing else. So how far an invocation has come, and all that it will
do, follow from those; they are its node in the state, and a handler that asks for something else when it is run anew ends the search.
What is outside the invocations is in the state itself: the time, the cloud's record, the timers and the deliveries to come with what
they bring, the names in use, the memories of idle processes, the faults that are left. The promises look at nothing else. So two runs
that have come to equal states go on in the same ways, and what was looked at for one is looked at for the other.

What bounds a world: calls take no time or, when they fail, 20 s; a timer comes at its hour, at its latest hour, and (a fault) 90 s early
or twice; the copy comes at any event, and between events at the multiples of some seconds; each kind of fault strikes once at most.
"""
