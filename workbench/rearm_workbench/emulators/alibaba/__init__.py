"""ESS, ECS and Function Compute over loopback HTTP, spoken to by the official SDKs."""

from rearm_workbench.emulators.alibaba.server import AlibabaEmulator

__all__ = ["AlibabaEmulator"]
