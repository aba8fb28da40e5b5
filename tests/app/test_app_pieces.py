"""Pieces without a window: pairs of files, settings, themes, translations."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.pairs import Pair, sort_out
from app.settings import Settings, interpreters, write_interpreters
from app.theme import DARK, LIGHT, Theme, boxes
from diag.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


def touch(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


def test_pairs_are_found_by_name(tmp_path: Path):
    touch(tmp_path / "m", "unet.onnx", "unet_graph.mindir", "vae.onnx", "vae.mindir", "vae_fp16.mindir", "text.onnx",
          "notes.txt")
    found = sort_out([tmp_path / "m"])
    assert [(p.golden.name, p.target.name) for p in found.pairs] == [("unet.onnx", "unet_graph.mindir"),
                                                                     ("vae.onnx", "vae.mindir")]
    assert sorted(p.name for p in found.alone) == ["text.onnx", "vae_fp16.mindir"]


def test_two_files_are_a_pair_whatever_their_names(tmp_path: Path):
    a, b, c = touch(tmp_path / "m", "a.onnx", "b.mindir", "c.onnx")
    assert sort_out([b, a]).pairs == (Pair(a, b),)
    assert sort_out([a, c]).pairs == (Pair(a, c),)
    assert sort_out([a]).alone == (a,)


def test_run_folders_are_recognised(tmp_path: Path):
    (run,) = touch(tmp_path / "run", "run.json")
    assert sort_out([tmp_path / "run"]).runs == (tmp_path / "run",)
    assert sort_out([run]).runs == (tmp_path / "run",)
    assert sort_out([tmp_path]).runs == (tmp_path / "run",)


def test_nothing_to_open_is_said(tmp_path: Path):
    with pytest.raises(UsageError, match="no such file"):
        sort_out([tmp_path / "no"])
    with pytest.raises(UsageError, match="nothing here"):
        sort_out([tmp_path])


def test_settings_survive_and_nonsense_does_not(tmp_path: Path):
    file = tmp_path / "w.ini"
    settings = Settings(file)
    assert (settings.language, settings.theme, settings.recent) == ("auto", "auto", [])
    settings.language, settings.theme = "zh", "dark"
    for i in range(12):
        settings.remember([f"/a/{i}"])
    settings.remember(["/a/11"])
    settings.save()
    again = Settings(file)
    assert (again.language, again.theme) == ("zh", "dark")
    assert again.recent[0] == ("/a/11",)
    assert len(again.recent) == 9
    again.remember(["/a/3"], "x ↔ y")
    again.remember(["/a/4"])
    assert (again.title(("/a/3",)), again.title(("/a/4",))) == ("x ↔ y", "")
    again.put("language", "klingon")
    again.put("recent", "not json")
    assert (again.language, again.recent) == ("auto", [])


def test_interpreters_are_shared_with_the_command_line(own_home: Path):
    assert interpreters() == []
    write_interpreters(["/opt/p 1/python", "/b"])
    assert interpreters() == ["/opt/p 1/python", "/b"]
    (own_home / "config" / "settings.toml").write_text("[other]\nx = 1\n")
    with pytest.raises(UsageError, match="more than interpreters"):
        write_interpreters([])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
@pytest.mark.parametrize("name", ["text", "muted", "passed", "watch", "failed", "none", "injects", "accent"])
def test_words_can_be_read_on_every_ground(theme: Theme, name: str):
    for ground in ("base", "window", "alternate"):
        assert contrast(getattr(theme, name), getattr(theme, ground)) >= 4.5, ground


def test_selected_text_can_be_read():
    for theme in (LIGHT, DARK):
        assert contrast(theme.text, theme.chosen) >= 4.5
        assert contrast(theme.on_accent, theme.accent) >= 4.5


def contrast(a: str, b: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_sentence_is_translated(tmp_path: Path):
    sys.path.insert(0, str(ROOT / "packaging"))
    try:
        import translations
    finally:
        sys.path.pop(0)
    assert translations.missing() == []
    copy = tmp_path / "fresh.ts"
    copy.write_bytes(translations.TS.read_bytes())
    subprocess.run([translations.TOOLS / "lupdate", *translations.sources(), "-locations", "none", "-ts", copy],
                   cwd=ROOT, check=True, capture_output=True)
    assert translations.missing(copy) == []


def test_placeholders_survive_translation():
    import xml.etree.ElementTree as ET

    file = ROOT / "resources" / "i18n" / "ascend_diag_zh_CN.ts"
    for message in ET.parse(file).getroot().iter("message"):
        source, told = message.findtext("source"), message.findtext("translation")
        assert sorted(re.findall(r"\{\w+\}", source)) == sorted(re.findall(r"\{\w+\}", told)), source
        assert source.count(";;") == told.count(";;")


def test_no_window_file_is_long():
    for file in (ROOT / "app").rglob("*.py"):
        assert len(file.read_text("utf-8").splitlines()) <= 400, file


def test_nothing_heavy_is_imported_before_the_first_window():
    code = ("import sys, app.__main__, app.application, app.settings; heavy = {'numpy', 'pyqtgraph', 'pandas', "
            "'onnxruntime', 'onnx', 'ml_dtypes', 'cattrs'}; print(sorted(heavy & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_empty_check_box_is_seen_on_a_dark_window():
    colours = boxes(DARK)
    box = colours.base().color().name()
    assert contrast(box, DARK.window) >= 2.9
    assert contrast(DARK.text, box) >= 4
