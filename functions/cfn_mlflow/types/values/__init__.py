"""How is a property read, which values may it have, and how are its faults reported?"""
