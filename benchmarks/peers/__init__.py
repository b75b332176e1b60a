"""What other tools, and this one, make of the same models and files."""
