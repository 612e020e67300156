"""Figures of both methods for notebooks (plotly), and live widgets over them."""
