"""Data of the project and, under data.make, the programs that make it."""
