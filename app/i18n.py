"""Which language the window speaks, and the translations that Qt needs for it."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from app.places import RESOURCES
from diag.errors import UsageError

Lang = Literal["en", "zh"]

LOCALES: dict[str, str] = {"en": "en_US", "zh": "zh_CN"}
_QT_OWN = ("qtbase", "qt")
"""Catalogues with the words of Qt's own buttons; which of them is there depends on the version."""


def chosen(setting: str) -> Lang:
    """"en" or "zh" for a setting; ``auto`` follows the system."""
    if setting in LOCALES:
        return "zh" if setting == "zh" else "en"
    return "zh" if QLocale.system().language() == QLocale.Language.Chinese else "en"


def spoken() -> Lang:
    """What ``install`` made the application speak."""
    return "zh" if QLocale().language() == QLocale.Language.Chinese else "en"


def install(app: QCoreApplication, lang: Lang) -> list[QTranslator]:
    """Make the application speak ``lang``; returns the translators, to be removed when the language changes."""
    locale = QLocale(LOCALES[lang])
    QLocale.setDefault(locale)
    if lang == "en":
        return []
    ours = QTranslator(app)
    file = RESOURCES / "i18n" / f"ascend_diag_{LOCALES[lang]}.qm"
    if not ours.load(str(file)):
        raise UsageError("The Chinese translation is damaged", where=f"in {file}", hint="Install Ascend Diag again")
    found = [ours]
    for name in _QT_OWN:
        buttons = QTranslator(app)
        if buttons.load(locale, name, "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
            found.append(buttons)
    for translator in reversed(found):
        app.installTranslator(translator)
    return found
