"""What does an invocation have? Its place, a clock, the time left, a log and progress."""
