"""The workbench: what an operator and a developer run. Never deployed."""
