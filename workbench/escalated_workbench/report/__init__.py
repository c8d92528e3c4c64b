"""Sessions as one HTML page, and firings as pictures, readable without the workbench."""

from escalated_workbench.report.page import Recording, report
from escalated_workbench.report.picture import firing_svg

__all__ = ["Recording", "firing_svg", "report"]
