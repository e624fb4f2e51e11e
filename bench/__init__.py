"""Measurements and drills that take longer than tests may."""
