"""The district's quarterly report on paper: sections of figures and tables, nothing hidden."""

from maps.report.render import Report, Section, pdf

__all__ = ["Report", "Section", "pdf"]
