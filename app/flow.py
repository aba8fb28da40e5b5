"""What the actions do: opens dialogs, passes what they say to the work, and restores the last session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from app.desk import Desk
from app.maps import known_map
from app.pages.table import COMPARE
from app.pairs import Pair, sort_out
from app.places import RESOURCES
from app.session import State
from diag.compare.plan import ComparePlan
from diag.errors import DiagError
from diag.jobs.compare import CompareJob
from diag.report.catalogues import labels
from diag.report.write import Format, Style, write
from diag.runtimes.places import new_folder

if TYPE_CHECKING:
    from app.window import MainWindow

_FORMATS: dict[str, Format] = {".html": "html", ".json": "json", ".csv": "csv", ".txt": "console"}


class Flow(QObject):
    """The verbs of the window, by the names of its actions."""

    def __init__(self, window: MainWindow, desk: Desk) -> None:
        super().__init__(window)
        self._window, self._desk = window, desk
        self._work, self._session = desk.work, desk.session
        self._wanted = ""
        self._work.failed.connect(window.show_problem)
        self._work.opened.connect(self._opened)
        self._work.matched.connect(self._matched)
        self._session.opened.connect(self._select_again)
        desk.export_wanted.connect(lambda kind: self.do(f"export_{kind}"))
        desk.banner.again_wanted.connect(self.again)
        desk.tensor.recorded.record_wanted.connect(self.record)
        self._work.queued.connect(lambda title: window.statusBar().showMessage(
            self.tr("{title} waits until the running comparison has ended.").format(title=title), 6000))
        self._verbs: dict[str, Callable[[], object]] = {
            "new": self.new, "open": self.choose, "open_run": self.choose_run, "paste": self.paste,
            "export_report": self.export_report, "export_table": self.export_table,
            "copy_command": self.copy_command, "close": self._work.close, "quit": window.close,
            "again": self.again, "cancel": self._work.cancel, "sample": self.sample,
            "sample_right": lambda: self.sample("healthy"), "culprit": self.culprit,
            "next": lambda: self._session.step(1), "previous": lambda: self._session.step(-1),
            "find": self.find, "clear_filters": desk.layers.clear_filters, "own_input": self._toggle_own,
            "swap": self._toggle_swap, "theme": self.other_theme, "usual_layout": desk.restore_usual,
            "preferences": self.preferences, "palette": self.palette, "shortcuts": self.shortcuts,
            "about": self.about}

    def do(self, name: str) -> None:
        """Run a verb."""
        self._verbs[name]()

    # opening

    def open(self, paths: Sequence[Path]) -> None:
        """Show paths in the page that they belong to."""
        self._window.open_in("", [p.absolute() for p in paths])

    def open_comparison(self, paths: Sequence[Path]) -> None:
        """Open run folders; offer pairs for comparison."""
        try:
            found = sort_out(paths)
        except DiagError as error:
            self._window.show_problem(error)
            return
        self._window.turn(COMPARE)
        if found.runs:
            self._work.open_run(found.runs[0])
        else:
            self._offer(found.pairs, found.alone)

    def choose(self) -> None:
        """Choose files to open."""
        names, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Open"), self._last_folder(),
                                                self.tr("All files (*);;Models and runs (*.onnx *.mindir run.json)"))
        if names:
            self.open([Path(n) for n in names])

    def choose_run(self) -> None:
        """Choose a run folder."""
        name = QFileDialog.getExistingDirectory(self._window, self.tr("Open run folder"), self._last_folder())
        if name:
            self.open([Path(name)])

    def paste(self) -> None:
        """Open the paths that the clipboard holds."""
        text = QGuiApplication.clipboard().text().strip()
        paths = [Path(line.strip().strip("'\"").removeprefix("file://")) for line in text.splitlines() if line.strip()]
        self.open(paths or [Path()])

    def new(self) -> None:
        """The dialog of a new comparison."""
        self._window.turn(COMPARE)
        pair = self._session.pair
        self._offer((pair,) if pair else (), ())

    def sample(self, name: str = "defect") -> None:
        """Compare a shipped pair."""
        self._window.turn(COMPARE)
        folder = RESOURCES / "samples" / "text_encoder" / name
        golden, target = folder / "text_encoder.onnx", folder / "text_encoder.mindir"
        self._work.compare(CompareJob(ComparePlan(golden, target, new_folder("runs", target.stem)), "reference"))

    def again(self) -> None:
        """Compare the same pair once more."""
        job = self._work.again()
        if job is not None:
            self._work.compare(job)
        else:
            self.new()

    def record(self, layer: str) -> None:
        """Compare once more to keep tensors, and come back to the layer."""
        chosen = self._session.selection
        self._wanted = chosen.golden_tensor if chosen else ""
        if not self._work.record(layer):
            self._wanted = ""
            self.new()

    def resume(self) -> None:
        """Open what was open when the window was closed."""
        folder = self._window.settings.text("run")
        if folder and (Path(folder) / "run.json").exists():
            self._wanted = self._window.settings.text("selection")
            self._work.open_run(Path(folder))

    def remember(self) -> None:
        """Keep what is open for the next start."""
        folder, chosen = self._session.folder, self._session.selection
        self._window.settings.put("run", str(folder.path) if folder and self._session.state is not State.EMPTY else "")
        self._window.settings.put("selection", chosen.golden_tensor if chosen else "")

    def _select_again(self) -> None:
        wanted = self._wanted
        if wanted and self._session.rows:
            self._wanted = ""
            # The views fill their tables on the same signal: select when all have done so.
            self._session.select_later(wanted)

    def _offer(self, pairs: Sequence[Pair], alone: Sequence[Path]) -> None:
        from app.dialogs.compare import CompareDialog

        dialog = CompareDialog(pairs, alone, self._window.look, self._window)
        mapped = known_map(self._session.comparison)
        if mapped is not None and self._session.pair in pairs:
            dialog.map_file.edit.setText(str(mapped))
        dialog.job_wanted.connect(self._work.compare)
        dialog.open()

    def _matched(self, pair: tuple[str, str]) -> None:
        self._window.statusBar().showMessage(self.tr("Kept: {golden} ↔ {target}. Compare again (F5) to use it.").format(
            golden=pair[0], target=pair[1]), 8000)

    def _opened(self, paths: Sequence[str]) -> None:
        pair, found = self._session.pair, self._session.comparison
        words = labels(self._window.lang)["verdict"][found.verdict.value] if found is not None else ""
        title = f"{pair.golden.name} ↔ {pair.target.name}  ({words})" if pair is not None else ""
        self._window.settings.remember(paths, title)

    def _last_folder(self) -> str:
        pair, recent = self._session.pair, self._window.settings.recent
        return str(pair.golden.parent) if pair else str(Path(recent[0][0]).parent) if recent else ""

    # going about

    def culprit(self) -> None:
        """Select the culprit, and show why."""
        node = self._session.culprit()
        if node is not None:
            self._session.select_node(node)
            self._desk.show_dock("why")

    def find(self) -> None:
        """Type a name."""
        self._desk.show_dock("layers")
        self._desk.layers.focus_search()

    def _toggle_own(self) -> None:
        self._session.set_own_input(not self._session.own_input)

    def _toggle_swap(self) -> None:
        self._session.set_swap(not self._session.swap)

    # taking away

    def copy_command(self) -> None:
        """The command line that does the same."""
        line = self._work.command()
        QGuiApplication.clipboard().setText(line)
        self._window.statusBar().showMessage(self.tr("Copied: {line}").format(line=line), 6000)

    def export_report(self) -> None:
        """Save the report; the ending of the name decides the format."""
        found = self._session.comparison
        if found is None:
            return
        kinds = self.tr("HTML report (*.html);;JSON (*.json);;CSV table (*.csv);;Text (*.txt)")
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export report"), "report.html", kinds)
        if name:
            self.write_report(Path(name))

    def write_report(self, path: Path) -> None:
        """Write the report of what is open."""
        found = self._session.comparison
        if found is None:
            return
        try:
            write(found, _FORMATS.get(path.suffix.lower(), "html"), path, Style(self._window.lang))
        except DiagError as error:
            self._window.show_problem(error)
            return
        self._window.statusBar().showMessage(self.tr("Written: {path}").format(path=path), 6000)

    def export_table(self) -> None:
        """Save the rows that the table shows, as it shows them."""
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export table"), "layers.csv", "CSV (*.csv)")
        if name:
            self.write_table(Path(name))

    def write_table(self, path: Path) -> None:
        """Write the shown rows as CSV."""
        from app.models.export import write_csv

        model = self._desk.layers.model
        rows = ([model.text(int(s), c.key) for c in model.columns] for s in model.visible())
        try:
            write_csv(path, [c.title for c in model.columns], rows)
        except DiagError as error:
            self._window.show_problem(error)

    # the rest

    def other_theme(self) -> None:
        """Dark instead of light, and back."""
        self._window.settings.theme = "light" if self._window.look.theme.dark else "dark"
        self._window.restyle_wanted.emit()

    def preferences(self) -> None:
        """Language, theme, interpreters."""
        from app.dialogs.preferences import PreferencesDialog

        dialog = PreferencesDialog(self._window.settings, self._window)
        dialog.restyle_wanted.connect(self._window.restyle_wanted)
        dialog.open()

    def palette(self) -> None:
        """Every command, to be typed."""
        from app.dialogs.palette import CommandPalette

        CommandPalette(self._window.actions_by_name, self._window).open()

    def shortcuts(self) -> None:
        """All keys on one sheet."""
        from app.dialogs.shortcuts import ShortcutSheet

        ShortcutSheet(self._window.actions_by_name, self._window).open()

    def about(self) -> None:
        """Version, and what the doctor says of the runtimes."""
        from app.dialogs.about import AboutDialog

        AboutDialog(self._window.look, self._window).open()
