"""What a capacity of Aurora Serverless v2 means to its PostgreSQL, as AWS's own formula has it."""

_BYTES_PER_CONNECTION = 9_531_392
_MOST_CONNECTIONS = 5000
"""The default of max_connections is LEAST({DBInstanceClassMemory/9531392}, 5000)."""

_BYTES_PER_CAPACITY_UNIT = 2_014_936_269
_BYTES_OF_THE_SYSTEM = 209_690_624
"""DBInstanceClassMemory is what is left to the engine: of each unit's 2 GiB so much, less the
system's 200 MB. AWS tells neither; of all such pairs this is one that gives the documented numbers
of connections at 1, 4, 8, 16 and 32 units."""

_LOW_CAPACITY, _MOST_AT_LOW_CAPACITY = 0.5, 2000
"""With so low a minimum, no more connections whatever the maximum (Aurora User Guide)."""


def max_connections(min_capacity: float, max_capacity: float) -> int:
    """Return the default of max_connections for a range of capacity units."""
    memory = max_capacity * _BYTES_PER_CAPACITY_UNIT - _BYTES_OF_THE_SYSTEM
    most = min(int(memory / _BYTES_PER_CONNECTION), _MOST_CONNECTIONS)
    return min(most, _MOST_AT_LOW_CAPACITY) if min_capacity <= _LOW_CAPACITY else most
