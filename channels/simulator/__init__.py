"""Loopback servers that speak the platforms' real wire formats: for the demo, staff training and tests.

Nothing here knows a channel or an SDK: a simulator is judged by what goes over the wire.
"""
