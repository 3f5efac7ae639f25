"""Alibaba Cloud: `parse` reads the notifications (pure); the adapter makes the calls. Import-free: a doorway pays only for what it uses."""
