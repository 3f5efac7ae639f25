"""Kinds of settings that several checks take: a duration, a regular expression, and a name with `{instance}` in it."""
