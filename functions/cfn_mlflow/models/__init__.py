"""The properties and attributes of each type; what schemas/ and the docs' tables are made from."""
