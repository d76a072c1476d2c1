"""What is each resource type made of? No room below knows a property's name."""
