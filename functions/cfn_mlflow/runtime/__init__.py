"""What does an invocation have? A place, a clock, time left, a log, progress."""
