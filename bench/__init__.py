"""Measurements against the budgets, beside what a user would have instead."""
