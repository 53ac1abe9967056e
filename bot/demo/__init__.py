"""The demonstration: simulated platforms, a morning and a storm in the Binnenstad, and the check that promises were kept."""

from bot.demo.once import play_once
from bot.demo.show import show
from bot.demo.storm import play_storm

__all__ = ["play_once", "play_storm", "show"]
