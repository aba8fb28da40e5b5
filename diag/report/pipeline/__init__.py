"""What a search through a pipeline found, told: one sentence, on a terminal, as JSON, CSV and one HTML page."""

from diag.report.pipeline.document import document
from diag.report.pipeline.page import page
from diag.report.pipeline.table import to_csv
from diag.report.pipeline.terminal import sheet
from diag.report.pipeline.wording import headline

__all__ = ["document", "headline", "page", "sheet", "to_csv"]
