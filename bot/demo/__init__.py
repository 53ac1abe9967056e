"""The demonstration: simulated platforms, a morning in the Binnenstad, and the check that every promise was kept."""

from bot.demo.once import play_once
from bot.demo.show import show

__all__ = ["play_once", "show"]
