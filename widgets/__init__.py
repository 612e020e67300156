"""Figures of both methods for notebooks (plotly). Live widgets come with a later release."""
