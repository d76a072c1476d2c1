"""How does an upgrade go? Inspection, rehearsal, snapshot, migration, and a fallback image."""
