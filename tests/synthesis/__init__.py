"""Derived texts: made, booked, mixed, and taken down with their parents."""
