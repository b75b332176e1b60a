"""Cells that descend from one: their growth, their record."""
