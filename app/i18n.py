"""Which language the window speaks, and the translations that Qt needs for it."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from diag.errors import UsageError

Lang = Literal["en", "zh"]

LOCALES: dict[str, str] = {"en": "en_US", "zh": "zh_CN"}


def chosen(setting: str) -> Lang:
    """"en" or "zh" for a setting; ``auto`` follows the system."""
    if setting in LOCALES:
        return "zh" if setting == "zh" else "en"
    return "zh" if QLocale.system().language() == QLocale.Language.Chinese else "en"


def install(app: QCoreApplication, lang: str) -> QTranslator | None:
    """Make the application speak ``lang``; returns the translator, to be removed when the language changes."""
    QLocale.setDefault(QLocale(LOCALES[lang]))
    if lang == "en":
        return None
    translator = QTranslator(app)
    data = (files("resources") / "i18n" / f"ascend_diag_{LOCALES[lang]}.qm").read_bytes()
    if not translator.load(data):
        raise UsageError("The Chinese translation is damaged", hint="Install Ascend Diag again")
    app.installTranslator(translator)
    return translator
