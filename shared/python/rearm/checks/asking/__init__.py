"""What checks and steps ask of a cloud, by one call each: `call`. Is the instance still there, and its agent: `existence`, `agent`."""
