"""AWS on a laptop: moto extended by subclass with lifecycle actions and one-time schedules, on a virtual clock."""

from rearm_workbench.emulators.aws.emulator import AwsEmulator
from rearm_workbench.emulators.aws.operations import NOT_MODELLED, modelled_operations

__all__ = ["NOT_MODELLED", "AwsEmulator", "modelled_operations"]
