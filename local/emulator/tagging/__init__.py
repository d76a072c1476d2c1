"""The Resource Groups Tagging API, where ministack does otherwise."""
